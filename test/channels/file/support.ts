import assert from 'node:assert/strict';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileChannel } from '../../../src/channels/file/index.ts';
import type { Channel } from '../../../src/component/channel.ts';
import { type ChannelCounters, newChannelCounters } from '../../../src/component/counters.ts';
import { Receipt } from '../../../src/event/receipt.ts';
import { bind } from '../../../src/options/bind.ts';
import { batchOfLines, rowsOf } from '../../support/batches.ts';
import { TestCheckpoint } from '../../support/checkpoint.ts';
import { componentContext, memoryLogger } from '../../support/context.ts';

export const never = new AbortController().signal;

/** A file channel under test, and what it says. */
export interface Made {
  readonly channel: Channel;
  readonly counters: ChannelCounters;
  readonly lines: readonly string[];
}

/** A channel in a folder; not open yet. Without a checkpoint the agent's knows nothing of it. */
export function make(dir: string, settings: Record<string, string> = {}, checkpoint = new TestCheckpoint()): Made {
  const all = {
    checkpointDir: join(dir, 'checkpoint'),
    dataDirs: join(dir, 'data'),
    minimumRequiredSpace: '0',
    ...settings,
  };
  const raw = new Map(Object.entries(all).map(([key, text]) => [key, { text }]));
  const bound = bind(fileChannel, raw, 'channel c', () => ({ known: [] }));
  assert.deepEqual(
    bound.problems.filter(({ severity }) => severity === 'error'),
    [],
  );
  const counters = newChannelCounters(0);
  const log = memoryLogger();
  return {
    channel: fileChannel.create(bound.values, { ...componentContext('c', { log, checkpoint }), counters }),
    counters,
    lines: log.lines,
  };
}

export async function open(
  dir: string,
  settings: Record<string, string> = {},
  checkpoint?: TestCheckpoint,
): Promise<Made> {
  const made = make(dir, settings, checkpoint);
  await made.channel.open();
  return made;
}

/** Puts lines as one batch. */
export function put(channel: Channel, lines: readonly string[], patience?: number): Promise<void> {
  return channel.put(batchOfLines(lines), new Receipt(lines.length).leg('c'), never, patience);
}

/** Puts lines as a source does that replays what the agent's checkpoint does not know. */
export function putReplayed(channel: Channel, lines: readonly string[]): Promise<void> {
  return channel.put(batchOfLines(lines), new Receipt(lines.length, undefined, true).leg('c'), never);
}

/** Copies the folder of a channel at work, as a crash in this tick would leave it; a file may vanish meanwhile. */
export function copyAtWork(from: string, to: string): void {
  for (;;) {
    try {
      cpSync(from, to, { recursive: true });
      // Its process lives on in the test.
      for (const name of ['checkpoint', 'data']) rmSync(join(to, name, 'sluice-in_use.lock'), { force: true });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      rmSync(to, { recursive: true, force: true });
    }
  }
}

/** The segments of a channel, in order. */
export function segments(dir: string): string[] {
  return readdirSync(join(dir, 'data'))
    .filter((name) => name.endsWith('.segment'))
    .sort()
    .map((name) => join(dir, 'data', name));
}

/** Takes and commits all that is there. */
export async function drain(channel: Channel, maxRows = 1000): Promise<string[]> {
  const seen: string[] = [];
  while (channel.size > 0) {
    const stop = new AbortController();
    const taken = channel.take(maxRows, stop.signal);
    // What is damaged leaves the channel without being taken.
    const look = setInterval(() => {
      if (channel.size === 0) stop.abort();
    }, 1);
    const delivery = await taken;
    clearInterval(look);
    if (delivery === undefined) continue;
    for (const { body } of rowsOf(delivery.batch)) seen.push(body);
    delivery.commit();
  }
  return seen;
}
