import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LinePattern } from '../../src/tail/line-pattern.ts';
import { type LinePresetName, linePreset } from '../../src/tail/line-presets.ts';
import { MultilineShaper } from '../../src/tail/multiline.ts';
import { Shaping } from './shaping.ts';

const sample = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../fixtures/sentry/${name}`, import.meta.url)), 'utf8');

function joined(preset: LinePresetName, text: string): string[] {
  const pattern = new LinePattern({ maxLines: 1000, maxBytes: 1 << 20, ...linePreset(preset) });
  return [...new Shaping(new MultilineShaper(pattern, () => {})).write(text).flush().texts];
}

/** The text of events, a number of lines each. */
function events(text: string, ...lines: number[]): string[] {
  const all = text.replace(/\n$/, '').split('\n');
  const found = lines.map((count) => all.splice(0, count).join('\n'));
  assert.deepEqual(all, []);
  return found;
}

describe('presets of multiline', () => {
  it("sentry joins each log of Sentry's services to what was said at once", () => {
    const web = sample('sentry-web.log');
    assert.deepEqual(joined('sentry', web), events(web, 1, 1, 1, 1, 2, 1, 1, 14, 1, 1));
    const relay = sample('relay.log');
    assert.deepEqual(joined('sentry', relay), events(relay, 1, 1, 1, 1, 1, 1, 1, 3, 4, 1));
    for (const name of ['relay.jsonl', 'nginx-access.log', 'kafka-events-topic.jsonl', 'kafka-outcomes-topic.jsonl'])
      assert.deepEqual(joined('sentry', sample(name)), sample(name).trimEnd().split('\n'), name);
  });

  it("sentry takes lines of nginx's error log for what they are: none of them belongs to a line before", () => {
    const access = sample('nginx-access.log').split('\n', 1)[0]!;
    const error = '2026/11/23 00:00:02 [error] 29#29: *1 upstream timed out, client: 192.0.2.1';
    assert.deepEqual(joined('sentry', `${access}\n${error}\n${error}\n${access}\n`), [access, error, error, access]);
  });

  it('python joins tracebacks, chained ones too, to the line before', () => {
    const log = `2026-11-23 00:00:00 ERROR x
Traceback (most recent call last):
  File "a.py", line 1, in f
django.db.utils.DataError: a

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "a.py", line 2, in g
KeyboardInterrupt
INFO: next
NoError here
Traceback (most recent call last):
  File "a.py", line 2, in g
binascii.Error: what
Error: what
`;
    assert.deepEqual(joined('python', log), events(log, 10, 1, 4, 1));
  });

  it('python knows exceptions by their module, whatever they are called', () => {
    const raised = [
      'werkzeug.exceptions.NotFound: 404',
      'subprocess.TimeoutExpired: x',
      'zlib.error: Error -3',
      'queue.Empty',
    ];
    for (const line of [...raised, 'socket.gaierror: [Errno -2] x', 'django.http.response.Http404'])
      assert.equal(joined('python', `a\n${line}\n`).length, 1, line);
    for (const line of ['gunicorn.error: booting', 'app.worker: started', 'INFO:root:x', 'Queue.Empty is empty'])
      assert.equal(joined('python', `a\n${line}\n`).length, 2, line);
  });

  it('java joins stack traces with their causes to the line before', () => {
    const log = `2026-11-23 00:00:00 ERROR x
java.lang.IllegalStateException: a
	at a.B.c(B.java:1)
	... 2 more
	Suppressed: java.io.IOException
Caused by: java.lang.NullPointerException
	at a.B.d(B.java:2)
2026-11-23 00:00:01 INFO java.lang.Thread said
com.acme.Exceptional: no
`;
    assert.deepEqual(joined('java', log), events(log, 7, 1, 1));
  });
});
