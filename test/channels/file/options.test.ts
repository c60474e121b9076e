import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileChannel } from '../../../src/channels/file/index.ts';
import { bind } from '../../../src/options/bind.ts';
import { renderProblem } from '../../../src/options/problem.ts';

/** The options of Flume's file channel, with their defaults. */
const FLUME: Readonly<Record<string, string | undefined>> = {
  checkpointDir: '~/.flume/file-channel/checkpoint',
  dataDirs: '~/.flume/file-channel/data',
  useDualCheckpoints: 'false',
  backupCheckpointDir: undefined,
  compressBackupCheckpoint: 'false',
  capacity: '1000000',
  transactionCapacity: '10000',
  checkpointInterval: '30000',
  maxFileSize: '1623195647',
  minimumRequiredSpace: '524288000',
  'keep-alive': '3',
  'write-timeout': '10',
  'checkpoint-timeout': '600',
  'use-log-replay-v1': 'false',
  'use-fast-replay': 'false',
  checkpointOnClose: 'true',
  fsyncPerTransaction: 'true',
  fsyncInterval: '5',
};

function bound(settings: Readonly<Record<string, string>>): ReturnType<typeof bind> {
  const raw = new Map(Object.entries(settings).map(([key, text]) => [key, { text }]));
  return bind(fileChannel, raw, 'channel c', () => ({ known: [] }));
}

function errors(settings: Readonly<Record<string, string>>): string[] {
  return bound(settings)
    .problems.filter(({ severity }) => severity === 'error')
    .map(renderProblem);
}

describe("file channel's options", () => {
  it("are all of Flume's, with its defaults", () => {
    const values = bound({}).values as Readonly<Record<string, unknown>>;
    for (const [name, value] of Object.entries(FLUME)) {
      assert.ok(name in fileChannel.options, name);
      if (value !== undefined) assert.equal(String(values[name]), value, name);
    }
    const settings = {
      ...FLUME,
      backupCheckpointDir: '/backup',
      useDualCheckpoints: 'true',
      fsyncPerTransaction: 'false',
    };
    assert.deepEqual(bound(settings as Record<string, string>).problems, []);
  });

  it('are all in conf/REFERENCE.md', () => {
    const reference = readFileSync(new URL('../../../conf/REFERENCE.md', import.meta.url), 'utf8');
    const from = reference.indexOf('### channel file');
    const section = reference.slice(from, reference.indexOf('\n### ', from + 1));
    for (const name of Object.keys(FLUME)) assert.ok(section.includes(`\`${name}\``), name);
  });

  it('are taken as Flume takes numbers that make no sense', () => {
    const { values } = bound({
      capacity: '0',
      checkpointInterval: '-1',
      transactionCapacity: '-5',
      'keep-alive': '-1',
    });
    assert.equal(values.capacity, 1_000_000);
    assert.equal(values.checkpointInterval, 30_000);
    assert.equal(values.transactionCapacity, 10_000);
  });

  it('refuse every key of encryption, and say what to do', () => {
    for (const key of [
      'encryption.activeKey',
      'encryption.cipherProvider',
      'encryption.keyProvider',
      'encryption.keyProvider.keyStoreFile',
      'encryption.keyProvider.keyStorePasswordFile',
      'encryption.keyProvider.keys',
      'encryption.keyProvider.keys.key-0.passwordFile',
    ]) {
      const [message, ...others] = errors({ [key]: 'x' });
      assert.deepEqual(others, []);
      assert.ok(message?.includes(`${key}: the file channel does not encrypt`), message);
      assert.match(message, /encrypted file system/);
    }
  });

  it('refuse a transactionCapacity above the capacity', () => {
    assert.match(errors({ capacity: '10' })[0] ?? '', /transactionCapacity: 10000 is above the capacity of 10/);
  });
});
