import { appendFileSync, mkdirSync, readFileSync, renameSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { avroClient, makeKeyStores } from '../../scripts/peers/flume.ts';
import type { Child } from '../support/child.ts';
import { waitForPort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Case, expectedFile, type Step } from './case.ts';
import { sendHttp } from './clients.ts';
import { sameMetrics } from './compare-metrics.ts';
import { sameNames } from './compare-names.ts';
import { expectedRecordings } from './compare-wire.ts';
import { sluiceLine } from './log-lines.ts';
import { listFiles, type Observed, sinkEvents } from './observed.ts';
import { fill, unfill } from './placeholders.ts';
import { Recorder } from './recorder.ts';
import { Sender } from './sender.ts';

/** How long a step waits for what a file sink has to do by itself. */
const PATIENCE_MS = 12_000;

/** The steps of a case, played against an agent. */
export class Play {
  readonly observed: Observed;
  readonly #case: Case;
  readonly #startAgent: () => Child;
  /** What to look for in the log where a step names a line of Flume's. */
  readonly #line: (flume: string) => RegExp;
  #agent: Child | undefined;
  #recorder: Recorder | undefined;
  readonly #sender: Sender;

  constructor(testCase: Case, observed: Observed, player: 'sluice' | 'flume', startAgent: () => Child) {
    this.#line = player === 'sluice' ? sluiceLine : (line) => new RegExp(line);
    this.#case = testCase;
    this.observed = observed;
    this.#startAgent = startAgent;
    this.#sender = new Sender(testCase, observed);
  }

  /** Plays every step, then stops the agent as the recording did. */
  async run(): Promise<void> {
    const { steps } = this.#case;
    try {
      for (let i = 0; i < steps.length; i++) await this.#step(steps[i], steps.slice(i + 1));
      // What the recording saw must have come before the stop, which would also bring it.
      await this.#awaitEvents();
      this.observed.aliveBeforeStop = this.#agent?.alive ?? false;
      if (this.#agent) this.observed.exit = await this.#agent.stop(40_000);
    } finally {
      await this.#agent?.kill();
      this.#sender.close();
      this.#recorder?.stop();
      this.observed.recordings = this.#recorder?.connections ?? [];
      this.observed.log = this.#agent?.log() ?? '';
    }
  }

  #path(relative: string): string {
    const path = join(this.observed.dir, relative);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  }

  #input(name: string): Buffer {
    return readFileSync(join(this.#case.inputDir, name));
  }

  #port(name: string): number {
    return Number(this.observed.values.names[name]);
  }

  /** Waits; when it was in vain, notes that and goes on, so that the comparison shows what is there. */
  async #await(what: string, condition: () => boolean | Promise<boolean>, timeoutMs: number): Promise<void> {
    // An agent that has ended brings nothing more.
    const settled = async () => {
      const ended = this.#agent !== undefined && !this.#agent.alive;
      if (await condition()) return true;
      if (ended) throw new Error(`the agent had ended while the case waited for ${what}`);
      return false;
    };
    try {
      await waitFor(settled, { timeoutMs, what, everyMs: 20, giveUpOnError: true });
    } catch (error) {
      this.observed.problems.push((error as Error).message);
    }
  }

  async #awaitEvents(): Promise<void> {
    if (!this.#agent?.alive) return;
    const wanted = new Map<string, number>();
    for (const sink of ['k', 'k1', 'k2', 'k3']) {
      const file = expectedFile(this.#case, `events.${sink}.jsonl`);
      if (file) wanted.set(sink, readFileSync(file, 'utf8').split('\n').length - 1);
    }
    const there = () => [...wanted].every(([sink, count]) => sinkEvents(this.observed.dir, sink).length >= count);
    await this.#await('all expected events', there, PATIENCE_MS);
  }

  async #step(step: Step, after: Step[]): Promise<void> {
    const names = this.observed.values.names;
    if ('file' in step) {
      const path = this.#path(step.file);
      writeFileSync(path, this.#input(step.input));
      if (step.mtime !== undefined) utimesSync(path, step.mtime, step.mtime);
    } else if ('append' in step) appendFileSync(this.#path(step.append), this.#input(step.input));
    else if ('mkdir' in step) mkdirSync(this.#path(step.mkdir), { recursive: true });
    else if ('rename' in step) renameSync(this.#path(step.rename[0]), this.#path(step.rename[1]));
    else if ('truncate' in step) truncateSync(this.#path(step.truncate));
    else if ('keystore' in step) await makeKeyStores(this.observed.dir, step);
    else if ('record' in step) {
      this.#recorder = await Recorder.start(this.#port(step.record), this.#port(step.to), step.head);
      this.observed.head = step.head;
    } else if ('freeze' in step) this.#recorder?.freeze();
    else if ('start' in step) await this.#start(step.start);
    else if ('log' in step) await this.#log(step.log, step.count ?? 1);
    else if ('http' in step) await this.#sender.http(step);
    else if ('http_get' in step) await this.#sender.httpGet(step);
    else if ('tcp' in step) await this.#sender.tcp(step);
    else if ('raw' in step) await this.#sender.raw(step);
    else if ('udp' in step) await this.#sender.udp(step);
    else if ('avro_client' in step) {
      const args = step.avro_client.map((arg) => fill(arg, names));
      const client = await avroClient(args, step.stdin === undefined ? undefined : this.#input(step.stdin));
      this.observed.responses.push({ avro_client: step.avro_client, exit: client.code });
    } else if ('events' in step) {
      for (const [sink, count] of Object.entries(step.events)) {
        const there = () => sinkEvents(this.observed.dir, sink).length >= count;
        await this.#await(`${count} events of sink ${sink}`, there, (step.timeout ?? 15) * 1000);
      }
    } else if ('files' in step) {
      const closed = () => listFiles(this.observed.dir, step.files).filter((path) => !/\.tmp$|\/[_.][^/]*$/.test(path));
      await this.#await(`${step.count} closed files`, () => closed().length >= step.count, PATIENCE_MS);
    } else if ('ls' in step) await this.#ls(step.ls, step.as);
    else if ('keep' in step) await this.#keep(step.keep, step.as);
    else if ('get' in step) await this.#metrics(step.get, step.as);
    else if ('sleep' in step) await this.#sleep(step.sleep * 1000, after);
    else if ('signal' in step) {
      if (step.signal === 'SIGKILL') this.observed.exit = (await this.#agent?.kill()) ?? -1;
      else this.observed.exit = (await this.#agent?.stop(40_000)) ?? -1;
    } else throw new Error(`unknown step ${JSON.stringify(step)}`);
  }

  async #start(line: string): Promise<void> {
    const agent = this.#startAgent();
    this.#agent = agent;
    const ready = this.#line(line);
    await this.#await(`${ready} in the log`, () => !agent.alive || ready.test(agent.log()), 20_000);
    // A port that a client will connect to may be listened on a moment later.
    const ports = this.#case.steps.flatMap((step) =>
      'http' in step ? [step.http] : 'tcp' in step ? [step.tcp] : 'raw' in step ? [step.raw] : [],
    );
    for (const port of new Set(ports)) {
      if (agent.alive) await waitForPort(this.#port(port), 5000).catch(() => {});
    }
  }

  async #log(line: string, count: number): Promise<void> {
    const pattern = new RegExp(this.#line(line).source, 'g');
    const there = () => (this.#agent?.log().match(pattern)?.length ?? 0) >= count;
    await this.#await(`${count} of ${pattern} in the log`, there, PATIENCE_MS);
  }

  async #ls(folder: string, as: string): Promise<void> {
    const nth = this.observed.listings.filter((listing) => listing.as === as).length;
    const last = this.#case.steps.filter((step) => 'ls' in step && step.as === as).length - 1 === nth;
    const expected = last ? expectedFile(this.#case, as) : undefined;
    const names = () => listFiles(this.observed.dir, folder);
    if (expected) {
      const wanted = JSON.parse(readFileSync(expected, 'utf8')) as string[];
      await waitFor(() => sameNames(names(), wanted), { timeoutMs: 3000, everyMs: 20 }).catch(() => {});
    }
    this.observed.listings.push({ as, names: names() });
  }

  async #keep(file: string, as: string): Promise<void> {
    const expected = expectedFile(this.#case, as);
    const wanted = expected && withoutInodes(readFileSync(expected, 'utf8'));
    const text = () => {
      try {
        return unfill(readFileSync(join(this.observed.dir, file), 'utf8'), { DIR: this.observed.dir });
      } catch {
        return '';
      }
    };
    await waitFor(() => withoutInodes(text()) === wanted, { timeoutMs: PATIENCE_MS, everyMs: 50 }).catch(() => {});
    this.observed.kept.set(as, text());
  }

  async #metrics(port: string, as: string): Promise<void> {
    const expected = expectedFile(this.#case, as);
    const wanted = expected ? readFileSync(expected, 'utf8') : '{}';
    const text = async () => (await sendHttp(this.#port(port), { method: 'GET', path: '/metrics' })).body.toString();
    let got = '';
    const same = async () => {
      got = await text();
      return sameMetrics(got, wanted).length === 0;
    };
    await waitFor(same, { timeoutMs: PATIENCE_MS, everyMs: 100 }).catch(() => {});
    this.observed.kept.set(as, got);
  }

  async #sleep(milliseconds: number, after: Step[]): Promise<void> {
    const next = after.find((step) => !('sleep' in step) && !('freeze' in step));
    // These wait by themselves until they see what was recorded.
    if (next && ('ls' in next || 'keep' in next || 'get' in next)) return;
    if (this.#case.id.startsWith('errors/')) {
      await Promise.race([sleep(Math.min(milliseconds, 600)), this.#agent?.exited]);
      return;
    }
    if (!next && this.#recorder) {
      const recorder = this.#recorder;
      const wanted = expectedRecordings(this.#case);
      const lengths = () =>
        wanted.length > 0 &&
        wanted.every(
          ({ toSource, fromSource }, i) =>
            total(recorder.connections[i]?.toSource) >= toSource.length &&
            total(recorder.connections[i]?.fromSource) >= fromSource.length,
        );
      await waitFor(lengths, { timeoutMs: milliseconds, everyMs: 10 }).catch(() => {});
      return;
    }
    if (!next && expectedFile(this.#case, 'events.k.jsonl')) {
      await this.#awaitEvents();
      return;
    }
    await sleep(milliseconds);
  }
}

function total(chunks: readonly Buffer[] | undefined): number {
  return chunks?.reduce((sum, chunk) => sum + chunk.length, 0) ?? 0;
}

/** A position file with its inode numbers, which differ from run to run, replaced by `N`. */
export function withoutInodes(text: string): string {
  return text.replace(/"inode":\d+/g, '"inode":N');
}
