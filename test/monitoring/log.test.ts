import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { createLog, type LogSettings } from '../../src/monitoring/log.ts';

function logTo(lines: string[], settings: Partial<LogSettings> = {}) {
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  return createLog({ format: 'text', level: 'info', stream, ...settings });
}

describe('log', () => {
  it('writes one line an entry, whatever is in the message', () => {
    const lines: string[] = [];
    logTo(lines).logger('source r').warn('first\nsecond', { file: '/var/log/x' });
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /^\d{4}-\d\d-\d\dT[\d:.]+Z WARN {2}\[source r\] first\\nsecond file=\/var\/log\/x\n$/);
  });

  it('shows control characters, which a terminal would obey', () => {
    const lines: string[] = [];
    logTo(lines).logger('source r').warn('a\u001b[2Jb\rc\td\u009be', { file: 'x\u0007' });
    assert.match(lines[0]!, /a\\x1b\[2Jb\\x0dc\td\\x9be file=x\\x07\n$/);
  });

  it('writes JSON when asked to', () => {
    const lines: string[] = [];
    logTo(lines, { format: 'json' }).logger('sink k').error('no', { port: 5 });
    const { level, message, component, port } = JSON.parse(lines[0]!) as Record<string, unknown>;
    assert.deepEqual(
      { level, message, component, port },
      { level: 'error', message: 'no', component: 'sink k', port: 5 },
    );
  });

  it('changes its level at run time, for loggers made before, too', () => {
    const lines: string[] = [];
    const log = logTo(lines);
    const logger = log.logger('x');
    logger.debug('hidden');
    assert.equal(logger.isDebug, false);
    log.level = 'debug';
    assert.equal(logger.isDebug, true);
    logger.debug('shown');
    log.level = 'error';
    logger.warn('hidden again');
    assert.equal(lines.length, 1);
  });
});
