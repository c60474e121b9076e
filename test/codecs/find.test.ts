import assert from 'node:assert/strict';
import { codecs, findCodec, isInstalled } from '../../src/codecs/find.ts';

function nameOf(text: string): string | undefined {
  const found = findCodec(text);
  assert.ok('value' in found, 'problem' in found ? found.problem : '');
  return found.value?.name;
}

describe('codec names', () => {
  it('finds a codec by class, simple name, name without Codec, in any case', () => {
    for (const codec of codecs) {
      const simple = codec.hadoopClass.replace(/.*\./, '');
      for (const text of [codec.hadoopClass, simple, simple.replace('Codec', ''), codec.name, codec.name.toUpperCase()])
        assert.equal(nameOf(text), codec.name, text);
    }
    assert.equal(nameOf('zstd'), 'zstandard');
  });

  it('takes none for no codec', () => {
    assert.equal(nameOf('None'), undefined);
  });

  it('says which was meant by an unknown one', () => {
    assert.deepEqual(findCodec('gzp'), { problem: '"gzp" is not a known codec', hint: 'did you mean gzip?' });
    assert.deepEqual(findCodec('SnapyCodec'), {
      problem: '"SnapyCodec" is not a known codec',
      hint: 'did you mean snappy?',
    });
    const far = findCodec('parquet');
    assert.ok('hint' in far && far.hint?.startsWith('one of none, gzip, bzip2'));
  });

  it('knows whether an optional package is there', () => {
    assert.ok(isInstalled('bzip2-wasm'));
    assert.ok(!isInstalled('no-such-package'));
  });
});
