import fc from 'fast-check';

/** Texts with all that breaks lines, columns or encodings in them. */
export const breakingText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...'aN,;|\t\\"\'^$]~nr \n\r\v\f\0\u0001\u0002\u001b\u007f\u0085\u00a0\u2028\u2029\ufeff{}[]:'),
    fc.constantFrom('\r\n', '\\N', 'NULL', '\\u2028', '\ud83d', '\udea8', '🚨', '東', '__proto__'),
    fc.string({ unit: 'binary', maxLength: 1 }),
  ),
  maxLength: 12,
});
