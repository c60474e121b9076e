import assert from 'node:assert/strict';
import fc from 'fast-check';
import { GivenReader } from '../../../src/sentry/headers.ts';
import type { Fields } from '../../../src/sentry/payload.ts';
import { rowsOf } from '../../../src/sentry/rows.ts';
import { hookBatch, isLegacy } from '../../../src/sources/sentry_webhook/hook.ts';

const KEYS = [
  'data',
  'issue',
  'error',
  'event',
  'action',
  'project',
  'project_slug',
  'id',
  'issue_id',
  'status',
  'timestamp',
  'level',
  'tags',
  '__proto__',
];
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium' },
    fc.constantFrom(null, true, 0, -1.5, 1e300, '', 'x', '42', '2026-11-22T23:59:59Z', '\ud83d', '\0', 'resolved'),
    fc.string(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 6 }),
  ),
}));
const payload = fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 8 }) as fc.Arbitrary<Fields>;

describe('what a webhook tells', () => {
  it('is found without an error in any JSON, dated, and of the type that its row has', () => {
    fc.assert(
      fc.property(payload, fc.constantFrom(Number.NaN, 1_795_392_001_000), (some, sent) => {
        isLegacy(some);
        const body = Buffer.from(JSON.stringify(some));
        const batch = hookBatch(body, some, { sent, received: 1_795_392_002_000 });
        assert.equal(batch.length, 1);
        assert.deepEqual(batch.bodyOf(0), body);
        for (const column of batch.headers) assert.ok(column.constant !== undefined && column.constant.length <= 1000);
        const given = new GivenReader(batch).of(0);
        assert.ok(Number.isSafeInteger(given.timestamp));
        assert.equal(given.received, 1_795_392_002_000);
        const [row] = rowsOf(body, given, { crash: 'last' });
        assert.equal(row!.item_type, given.itemType);
      }),
      { numRuns: 500 },
    );
  });
});
