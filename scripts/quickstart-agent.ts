/** The agent of an act of the quickstart, and what is asked of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');
export const MAIN = join(ROOT, 'dist', 'main.js');

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

/** A child process that runs `sluice agent`. */
export class QuickstartAgent {
  readonly #child: ChildProcess;
  readonly #port: number;
  /** What it said, the end of it. */
  log = '';
  readonly exited: Promise<unknown>;

  /** @param port where it shall serve its counters */
  constructor(configuration: string, stateDir: string, port: number, env: Readonly<Record<string, string>>) {
    this.#port = port;
    this.#child = spawn(
      process.execPath,
      [
        ...[MAIN, 'agent', '-n', 'agent', '-f', join(ROOT, 'conf', configuration), '--state-dir', stateDir],
        ...['-Dflume.monitoring.type=http', `-Dflume.monitoring.port=${port}`],
      ],
      { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const keep = (text: Buffer) => {
      this.log = (this.log + text).slice(-20_000);
    };
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
    this.exited = once(this.#child, 'exit');
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** A counter of all components of a kind, added up, or undefined while the agent does not answer yet. */
  async counter(kind: string, name: string): Promise<number | undefined> {
    try {
      const reply = await fetch(`http://127.0.0.1:${this.#port}/metrics`);
      const counters = (await reply.json()) as Record<string, Record<string, string>>;
      const values = Object.entries(counters).filter(([component]) => component.startsWith(`${kind}.`));
      return values.reduce((sum, [, one]) => sum + Number(one[name] ?? 0), 0);
    } catch {
      return undefined;
    }
  }
}

/** The files below a folder, in order. */
export function filesBelow(folder: string): string[] {
  return globSync('**', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

export function bytesBelow(folder: string): number {
  let bytes = 0;
  for (const file of filesBelow(folder)) bytes += statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
}

export const mib = (bytes: number): string => `${(bytes / (1 << 20)).toFixed(1)} MiB`;
export const count = (n: number): string => n.toLocaleString('en-US').replaceAll(',', ' ');
