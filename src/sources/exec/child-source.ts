import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Source, SourceContext, SourceOutput } from '../../component/source.ts';
import { describeError, SluiceError } from '../../errors.ts';
import { type LinePiece, LineSplitter, toBatch } from '../../event/line-splitter.ts';
import type { ExecOptions } from './options.ts';
import { makePipe, PipeReader } from './pipe.ts';
import { recode } from './recode.ts';
import { javaWords } from './words.ts';

/** How long a command may live on that has closed its output. */
const EXIT_TIMEOUT = 1000;
const MAX_STDERR_LINE = 4096;
const MAX_LAST_WORDS = 500;
/** What Flume gives as the exit code of a command that could not be started. */
const NOT_STARTED = -1073741824;

type Child = ChildProcessByStdio<null, null, Readable>;

/**
 * The lines that a command prints. What is there is handed on at once; while the channel has no room, nothing is read, and the command waits in its
 * write.
 */
export class ChildSource implements Source {
  readonly #options: ExecOptions;
  readonly #context: SourceContext;
  #hasLongLine = false;
  /** The end of what the command printed to standard error, for the log when it fails. */
  #lastWords = '';

  constructor(options: ExecOptions, context: SourceContext) {
    this.#options = options;
    this.#context = context;
  }

  async run(out: SourceOutput, signal: AbortSignal): Promise<void> {
    const { command, restart, restartThrottle } = this.#options;
    const { log, clock } = this.#context;
    log.info(`Exec source starting with command: ${command}`);
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      let code = NOT_STARTED;
      try {
        code = await this.#runOnce(out, signal, isFirst);
      } catch (error) {
        if (signal.aborted) return;
        const cannotStart = error instanceof SluiceError && error.code === 'COMMAND_FAILED';
        if (!restart || !cannotStart) throw error;
        log.error(`Failed while running command: ${command}: ${describeError(error)}`);
      }
      if (signal.aborted) return;
      const words = this.#lastWords.trim();
      if (code !== 0 && words !== '') log.warn(`Command [${command}] ended its standard error with: ${words}`);
      if (!restart) {
        log.info(`Command [${command}] exited with ${code}`);
        return;
      }
      log.info(`Restarting in ${restartThrottle}ms, exit code ${code}`);
      await clock.sleep(restartThrottle, signal);
    }
  }

  /** Runs the command to its end and gives its exit code; 128 + n when signal n ended it. */
  async #runOnce(out: SourceOutput, signal: AbortSignal, isFirst: boolean): Promise<number> {
    const { clock } = this.#context;
    const splitter = this.#splitter();
    const { child, reader } = await this.#start(splitter);
    if (isFirst) out.ready();
    const exited = new Promise<number>((resolve) => {
      child.once('exit', (code, name) => resolve(code ?? 128 + (name === null ? 0 : constants.signals[name])));
    });
    const closed = new Promise((resolve) => child.once('close', resolve));
    const done = new AbortController();
    const stop = () => void this.#terminate(child, reader, done.signal);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    try {
      await this.#read(reader, splitter, out);
      // It has closed its output: without an end of its own it is ended, as Flume does.
      const hasEnded = exited.then(() => true);
      if (!(await Promise.race([hasEnded, clock.sleep(EXIT_TIMEOUT, done.signal)]))) stop();
      const code = await exited;
      // The rest of standard error, unless somebody else holds it open.
      await Promise.race([closed, clock.sleep(EXIT_TIMEOUT, done.signal)]);
      return code;
    } catch (error) {
      killGroup(child, 'SIGKILL');
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      done.abort();
      reader.close();
      child.stderr.destroy();
    }
  }

  async #start(splitter: LineSplitter): Promise<{ child: Child; reader: PipeReader }> {
    const { command, shell } = this.#options;
    const { name, stateDir, env } = this.#context;
    const words = shell === undefined ? javaWords(command) : [...javaWords(shell), command];
    const pipe = await makePipe(join(stateDir, `exec-${encodeURIComponent(name)}-${process.pid}.pipe`));
    const reader = new PipeReader(pipe.read, splitter);
    try {
      const child = spawn(words[0], words.slice(1), {
        env,
        // A process group of its own: at the end the command goes with all that it has started.
        detached: true,
        stdio: ['ignore', pipe.write, 'pipe'],
      }) as Child;
      this.#drainStdErr(child.stderr);
      await once(child, 'spawn');
      return { child, reader };
    } catch (error) {
      reader.close();
      throw new SluiceError('COMMAND_FAILED', `${words[0]} cannot be started`, error);
    } finally {
      closeSync(pipe.write);
    }
  }

  #splitter(): LineSplitter {
    return new LineSplitter({
      maxLength: this.#options.maxLineLength,
      longLine: this.#options.longLine,
      bareCr: true,
      onLongLine: () => this.#longLine(),
    });
  }

  /** Reads all that the command prints, and hands it on. */
  async #read(reader: PipeReader, splitter: LineSplitter, out: SourceOutput): Promise<void> {
    for (let pieces = await reader.next(); pieces.length > 0; pieces = await reader.next()) {
      for (const piece of pieces) await this.#handOn(splitter, piece, out);
    }
    const last = splitter.finish();
    if (last !== undefined) await this.#handOn(splitter, last, out);
  }

  async #handOn(splitter: LineSplitter, piece: LinePiece, out: SourceOutput): Promise<void> {
    const batch = recode(toBatch(piece, splitter.rows(piece)), this.#options.charset);
    if (batch.length === 0) return;
    this.#context.counters.EventReceivedCount += batch.length;
    await out.emit(batch);
  }

  #longLine(): void {
    this.#context.counters.EventReadFail++;
    if (this.#hasLongLine) return;
    this.#hasLongLine = true;
    const { maxLineLength, longLine } = this.#options;
    const deed = longLine === 'cut' ? 'cut off there' : 'left out';
    this.#context.log.warn(
      `a line is longer than maxLineLength = ${maxLineLength} and is ${deed}; further ones are only counted (EventReadFail)`,
    );
  }

  #drainStdErr(stderr: Readable): void {
    stderr.on('error', () => {});
    this.#lastWords = '';
    if (!this.#options.logStdErr) {
      stderr.on('data', (chunk: Buffer) => {
        this.#lastWords = chunk.toString('utf8', Math.max(0, chunk.length - MAX_LAST_WORDS));
      });
      return;
    }
    let count = 0;
    const splitter = new LineSplitter({
      maxLength: MAX_STDERR_LINE,
      longLine: 'cut',
      bareCr: true,
      onLongLine: () => {},
    });
    const write = (piece: LinePiece): void => {
      const batch = toBatch(piece, splitter.rows(piece));
      for (let row = 0; row < batch.length; row++)
        this.#context.log.info(`StderrLogger[${++count}] = '${batch.bodyOf(row).toString()}'`);
    };
    stderr.on('data', (chunk: Buffer) => {
      const { buffer, from } = splitter.prepare(chunk.length);
      chunk.copy(buffer, from);
      splitter.push(buffer, from + chunk.length).forEach(write);
    });
    stderr.on('end', () => {
      const last = splitter.finish();
      if (last !== undefined) write(last);
    });
  }

  /** Ends the command and its children; what they print until then is still read. */
  async #terminate(child: Child, reader: PipeReader, done: AbortSignal): Promise<void> {
    killGroup(child, 'SIGTERM');
    await this.#context.clock.sleep(this.#options.stopTimeout, done);
    if (done.aborted) return;
    this.#context.log.warn(`Command [${this.#options.command}] did not end after SIGTERM and is killed`);
    killGroup(child, 'SIGKILL');
    // What lies in the pipe is still read; but somebody outside of the group may hold it open.
    reader.endWhenQuiet(EXIT_TIMEOUT);
  }
}

function killGroup(child: Child, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended.
  }
}
