import { type ChildProcess, spawn } from 'node:child_process';
import { withDeadline } from './wait-for.ts';

/** What to run: a program with its arguments, and where. `env` is the whole environment. */
export type ChildSpec = {
  command: string;
  args: readonly string[];
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** For messages; default: the command. */
  name?: string;
  /** Bytes for standard input, which is then closed; without them it is closed at once. */
  stdin?: Uint8Array | string;
};

const SIGNALS: Record<string, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

const MAX_LOG = 32 << 20;
const running = new Set<ChildProcess>();

function killAll(): void {
  for (const child of running) killGroup(child, 'SIGKILL');
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has ended.
  }
}

process.on('exit', killAll);
for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
  const end = () => {
    // Somebody else who listens (mocha to SIGINT) ends this process in good order, which comes to the same.
    if (process.listenerCount(signal) > 1) return;
    // Exiting runs what others left for the end, such as removing folders.
    process.exit(128 + signalNumber(signal));
  };
  process.on(signal, end);
}

/**
 * A program of a test, in a process group of its own: whatever it starts ends with it, at the latest when this process
 * exits. Its output is kept (up to 32 Mi characters) and can be waited for.
 */
export class Child {
  readonly name: string;
  /** Resolves with the exit code when the program has ended; 128 + n when it was ended by signal n. */
  readonly exited: Promise<number>;
  #child: ChildProcess;
  #out = '';
  #err = '';
  #all = '';
  #code: number | undefined;
  #watchers = new Set<() => void>();

  constructor(spec: ChildSpec) {
    this.name = spec.name ?? spec.command;
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: spec.env ?? process.env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    running.add(child);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#out = keep(this.#out, text);
      this.#add(text);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#err = keep(this.#err, text);
      this.#add(text);
    });
    child.stdin?.on('error', () => {}).end(spec.stdin);
    this.exited = new Promise((resolve) => {
      child.on('error', (error) => {
        this.#add(`${this.name} did not start: ${error.message}\n`);
        this.#end(127, resolve);
      });
      // Whatever the program left in its group goes with it, and lets go of the pipes.
      child.on('exit', () => killGroup(child, 'SIGKILL'));
      child.on('close', (code, signal) => this.#end(code ?? 128 + signalNumber(signal), resolve));
    });
  }

  #add(text: string): void {
    this.#all = keep(this.#all, text);
    for (const watcher of this.#watchers) watcher();
  }

  #end(code: number, resolve: (code: number) => void): void {
    running.delete(this.#child);
    this.#code ??= code;
    resolve(this.#code);
    for (const watcher of this.#watchers) watcher();
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Whether the program still runs. */
  get alive(): boolean {
    return this.#code === undefined;
  }

  /** The exit code, once it has ended. */
  get code(): number | undefined {
    return this.#code;
  }

  /** Standard output so far. */
  get stdout(): string {
    return this.#out;
  }

  /** Standard error so far. */
  get stderr(): string {
    return this.#err;
  }

  /** Standard output and error so far, in the order of arrival. */
  log(): string {
    return this.#all;
  }

  /**
   * Resolves with the match as soon as the output holds `pattern` (at or after the offset `from`); rejects when the
   * program ends without it or after `timeoutMs`, showing the end of the output.
   */
  async waitForLog(pattern: RegExp, timeoutMs = 20_000, from = 0): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
    const look = () => {
      const match = new RegExp(pattern.source, pattern.flags.replace('g', '')).exec(this.#all.slice(from));
      if (match) resolve(match);
      else if (!this.alive) reject(new Error(`${this.name} ended with ${this.#code}`));
    };
    this.#watchers.add(look);
    look();
    try {
      return await withDeadline(promise, timeoutMs, `${pattern} in the output of ${this.name}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${reason}; looked for ${pattern}; its output ends with:\n${this.#all.slice(-4000)}`);
    } finally {
      this.#watchers.delete(look);
    }
  }

  /** Sends a signal to the program alone. */
  signal(signal: NodeJS.Signals): void {
    if (this.alive) this.#child.kill(signal);
  }

  /** Asks it to end (SIGTERM), after `deadlineMs` ends its whole group by force; resolves with the exit code. */
  async stop(deadlineMs = 15_000): Promise<number> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => killGroup(this.#child, 'SIGKILL'), deadlineMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends its whole group by force (SIGKILL); resolves with the exit code, 137 if it still ran. */
  async kill(): Promise<number> {
    killGroup(this.#child, 'SIGKILL');
    return await this.exited;
  }
}

function keep(before: string, more: string): string {
  const text = before + more;
  return text.length > MAX_LOG ? text.slice(text.length - MAX_LOG / 2) : text;
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return SIGNALS[signal ?? ''] ?? 0;
}

/** Runs a program to its end; resolves with it whatever its exit code, rejects when it takes longer than `timeoutMs`. */
export async function runChild(spec: ChildSpec, timeoutMs = 60_000): Promise<Child> {
  const child = new Child(spec);
  try {
    await withDeadline(child.exited, timeoutMs, `the end of ${child.name}`);
  } catch (error) {
    await child.kill();
    throw new Error(`${(error as Error).message}; its output ends with:\n${child.log().slice(-4000)}`);
  }
  return child;
}
