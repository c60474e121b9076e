import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { systemClock } from '../../../src/agent/clock.ts';
import { SourceRunner } from '../../../src/agent/source-runner.ts';
import { newSourceCounters } from '../../../src/component/counters.ts';
import { makeGroups } from '../../../src/tail/file-groups.ts';
import { TailReader } from '../../../src/tail/tail-reader.ts';
import { TestCheckpoint } from '../../support/checkpoint.ts';
import { componentContext, memoryLogger } from '../../support/context.ts';
import { makeTempDir, removeTempDir } from '../../support/temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { Folder, type Place } from './folder.ts';
import { Lake } from './lake.ts';

/** What may happen, one after the other. */
export type Action =
  | { readonly do: 'write'; readonly lengths: readonly number[]; readonly partial: boolean }
  | { readonly do: 'write old'; readonly lengths: readonly number[] }
  | { readonly do: 'rotate'; readonly keepsOld: boolean }
  | { readonly do: 'close old' | 'create' | 'start' | 'stop' | 'crash' | 'hold' | 'release' | 'checkpoint' | 'look' }
  | { readonly do: 'copytruncate' | 'replace'; readonly lengths: readonly number[]; readonly when: When }
  | { readonly do: 'delete' | 'delete oldest' | 'link' | 'unlink' }
  | { readonly do: 'hide folder'; readonly lengths: readonly number[] }
  | { readonly do: 'renew folder'; readonly when: When }
  | { readonly do: 'settle'; readonly lake: 0 | 1; readonly every: number; readonly from: number };

/** What the reader does meanwhile. */
type When = 'running' | 'stopped' | 'crashed';

export interface Setting {
  readonly place: Place;
  readonly maxOpenFiles: number;
  readonly idleTimeout: number;
}

const QUIET_MS = 40;

/** A reader of a folder with two lakes behind it, and what has to be true of them. */
class Game {
  readonly folder: Folder;
  readonly lakes = [new Lake(), new Lake()] as const;
  readonly #setting: Setting;
  readonly #dir: string;
  #checkpoint = new TestCheckpoint();
  #runner: SourceRunner | undefined;
  readonly log = memoryLogger();

  constructor(dir: string, setting: Setting) {
    this.#dir = dir;
    this.#setting = setting;
    this.folder = new Folder(dir, setting.place);
  }

  async play(action: Action): Promise<void> {
    this.log.debug(JSON.stringify(action));
    const { folder, lakes } = this;
    switch (action.do) {
      case 'write':
        return folder.write(action.lengths, action.partial);
      case 'write old':
        return folder.writeOld(action.lengths);
      case 'rotate':
        return this.#rotate(action.keepsOld);
      case 'close old':
        return folder.closeOld();
      case 'create':
        return folder.create();
      case 'look':
        await systemClock.sleep(QUIET_MS);
        return;
      case 'start':
        return this.start();
      case 'stop':
        return this.#stop();
      case 'crash':
        return this.#crash();
      case 'hold':
        for (const lake of lakes) lake.hold();
        return;
      case 'release':
        for (const lake of lakes) lake.release();
        return;
      case 'checkpoint':
        return this.#takeCheckpoint();
      case 'settle':
        lakes[action.lake].settle((index) => (index + action.from) % action.every === 0);
        return;
      // What is gone cannot be read: these come once all is read and known.
      case 'copytruncate':
        if (!folder.hasActive || folder.hasPartial) return;
        await this.#settleAll(action.when);
        return folder.copyTruncate(action.lengths);
      case 'replace':
        if (!folder.hasActive) return;
        folder.finishLine();
        await this.#settleAll(action.when);
        return folder.replace(action.lengths);
      case 'renew folder':
        folder.closeOld();
        folder.finishLine();
        await this.#settleAll(action.when);
        return folder.renew();
      case 'delete':
        if (!folder.hasActive) return;
        return this.#delete();
      case 'delete oldest':
        await this.#settleAll();
        return folder.removeOldest();
      case 'link':
        return folder.link();
      case 'unlink':
        return folder.unlink();
      case 'hide folder':
        return this.#hide(action.lengths);
    }
  }

  async start(): Promise<void> {
    if (this.#runner !== undefined) return;
    const { place, maxOpenFiles, idleTimeout } = this.#setting;
    const counters = newSourceCounters();
    const context = { ...componentContext('r', { log: this.log, checkpoint: this.#checkpoint }), counters };
    const pattern = place === 'inside' ? 'app\\.log(\\.\\d+)?|name-\\d+' : 'app\\.log|name-\\d+';
    const source = new TailReader(
      {
        groups: makeGroups(['g'], new Map([['g', `${this.#dir}/${pattern}`]]), new Map()),
        positionFile: undefined,
        skipToEnd: false,
        byteOffsetHeader: false,
        fileHeader: false,
        fileHeaderKey: 'file',
        idleTimeout,
        deletedFileTimeout: QUIET_MS,
        writePosInterval: 50,
        batchSize: 100,
        maxBatchCount: 0,
        maxLineLength: 1 << 20,
        longLine: 'cut',
        maxOpenFiles,
        rescanInterval: 20,
      },
      context,
    );
    const channels = new Map(this.lakes.map((lake, i) => [`c${i}`, lake]));
    this.#runner = new SourceRunner({
      name: 'r',
      source,
      interceptors: [],
      selector: { route: () => Array.from(channels.keys(), (channel) => ({ channel, required: true })) },
      channels,
      counters,
      replays: true,
      clock: systemClock,
      log: this.log,
    });
    this.#runner.start();
    await waitFor(() => this.#runner!.ready, { what: 'the reader', everyMs: 1 });
  }

  /** Everything is read, durable and known to a checkpoint; after that the reader may end. */
  async #settleAll(when: When = 'running'): Promise<void> {
    await this.start();
    for (const lake of this.lakes) lake.release();
    const wanted = this.folder.lines.length;
    await waitFor(
      () => {
        for (const lake of this.lakes) lake.settle(() => true);
        return this.lakes.every((lake) => lake.durable.length >= wanted);
      },
      { what: 'all lines', everyMs: 2, timeoutMs: 4000 },
    ).catch(() => {});
    this.verify();
    this.#takeCheckpoint();
    if (when === 'stopped') await this.#stop();
    else if (when === 'crashed') await this.#crash();
  }

  /** The folder is not there for a while; whoever has a file of it open goes on. */
  async #hide(lengths: readonly number[]): Promise<void> {
    const { folder } = this;
    folder.hide(true);
    if (folder.hasActive) folder.write(lengths, false);
    await systemClock.sleep(QUIET_MS);
    folder.hide(false);
  }

  /** Out of the pattern only what the reader has met is followed. */
  async #rotate(keepsOld: boolean): Promise<void> {
    const { folder } = this;
    const isInside = this.#setting.place === 'inside';
    if (!isInside && folder.hasActive) {
      if (!folder.hasLines) folder.finishLine();
      await this.#settleAll();
    }
    // An empty file may not have been met yet.
    folder.rotate(keepsOld && (isInside || folder.hasLines));
  }

  /** An unfinished line of a deleted file comes out if the reader has met it and has the file open. */
  async #delete(): Promise<void> {
    const { folder } = this;
    const { maxOpenFiles, idleTimeout } = this.#setting;
    const staysOpen = maxOpenFiles >= 100 && idleTimeout > 10_000;
    if (!staysOpen || !folder.isPartialMet) folder.finishLine();
    await this.#settleAll();
    folder.remove();
    await this.#settleAll();
  }

  async #stop(): Promise<void> {
    const runner = this.#runner;
    if (runner === undefined) return;
    this.#runner = undefined;
    for (const lake of this.lakes) lake.release();
    await runner.stop(AbortSignal.timeout(5000));
    for (const lake of this.lakes) lake.settle(() => true);
    this.#takeCheckpoint();
    this.#checkpoint = new TestCheckpoint(this.#checkpoint.saved);
  }

  /** The old reader is cut off from everything; what it still does has no effect. */
  async #crash(): Promise<void> {
    const runner = this.#runner;
    this.#runner = undefined;
    const saved = structuredClone(this.#checkpoint.saved);
    this.#checkpoint = new TestCheckpoint(saved);
    for (const lake of this.lakes) lake.crash();
    await runner?.stop(AbortSignal.abort());
    // What it put in while it was stopping.
    for (const lake of this.lakes) lake.crash();
  }

  #takeCheckpoint(): void {
    this.#checkpoint.take();
    for (const lake of this.lakes) lake.checkpoint();
  }

  /** Every line once, and no other. */
  verify(): void {
    const wanted = this.folder.lines;
    for (const [i, lake] of this.lakes.entries()) {
      const came = new Set(lake.durable);
      const known = new Set(wanted);
      assert.deepEqual(
        {
          missing: wanted.filter((line) => !came.has(line)).map(brief),
          twice: lake.durable.filter((line, at) => lake.durable.indexOf(line) !== at).map(brief),
          foreign: lake.durable.filter((line) => !known.has(line)).map(brief),
        },
        { missing: [], twice: [], foreign: [] },
        `lake ${i}: every line once`,
      );
      this.#verifyOrder(lake);
    }
  }

  /** In one life the lines of a file arrive in their order. */
  #verifyOrder(lake: Lake): void {
    const place = new Map<string, [number, number]>();
    for (const [file, { lines }] of this.folder.incarnations.entries()) {
      for (const [n, line] of lines.entries()) place.set(line, [file, n]);
    }
    const last = new Map<number, number>();
    for (const text of lake.arrived) {
      const at = place.get(text);
      if (at === undefined) continue;
      assert.ok((last.get(at[0]) ?? -1) < at[1], `${text} came out of order`);
      last.set(at[0], at[1]);
    }
  }

  async end(): Promise<void> {
    this.folder.end();
    await this.#settleAll();
    await this.#stop();
    this.verify();
  }

  async close(): Promise<void> {
    await this.#runner?.stop(AbortSignal.abort());
    await setImmediate();
  }
}

/** A line, recognisable. */
function brief(line: string): string {
  return `${line.slice(0, 24)} (${line.length})`;
}

/** Plays the actions, and asks at the end whether every line came out once. */
export async function play(setting: Setting, actions: readonly Action[]): Promise<void> {
  const above = makeTempDir();
  const dir = join(above, 'logs');
  mkdirSync(dir);
  const game = new Game(dir, setting);
  try {
    await game.start();
    for (const action of actions) await game.play(action);
    await game.end();
  } catch (error) {
    if (error instanceof Error) error.stack += `\nlog:\n${game.log.lines.slice(-60).join('\n')}`;
    throw error;
  } finally {
    await game.close();
    removeTempDir(above);
  }
}
