import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileChannel } from '../../../src/channels/file/index.ts';
import type { Channel } from '../../../src/component/channel.ts';
import { type ChannelCounters, newChannelCounters } from '../../../src/component/counters.ts';
import { Receipt } from '../../../src/event/receipt.ts';
import { bind } from '../../../src/options/bind.ts';
import { batchOfLines, rowsOf } from '../../support/batches.ts';
import { componentContext, memoryLogger } from '../../support/context.ts';

export const never = new AbortController().signal;

/** A file channel under test, and what it says. */
export interface Made {
  readonly channel: Channel;
  readonly counters: ChannelCounters;
  readonly lines: readonly string[];
}

/** A channel in a folder; not open yet. */
export function make(dir: string, settings: Record<string, string> = {}): Made {
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
    channel: fileChannel.create(bound.values, { ...componentContext('c', { log }), counters }),
    counters,
    lines: log.lines,
  };
}

export async function open(dir: string, settings: Record<string, string> = {}): Promise<Made> {
  const made = make(dir, settings);
  await made.channel.open();
  return made;
}

/** Puts lines as one batch. */
export function put(channel: Channel, lines: readonly string[], patience?: number): Promise<void> {
  return channel.put(batchOfLines(lines), new Receipt(lines.length).leg('c'), never, patience);
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
