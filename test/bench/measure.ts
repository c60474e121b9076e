import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import type { Child } from '../support/child.ts';

/** What a process has used. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly peakRssMb: number;
}

/** Ticks a second of /proc on Linux, a constant of its interface. */
const TICKS = 100;

/** CPU time and peak resident memory of a process so far. */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0';
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS, peakRssMb: Number(peak) / 1024 };
}

/** A counter of an agent's `/metrics`; 0 while there is none. */
export function counter(port: number, group: string, name: string): Promise<number> {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path: '/metrics', agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        try {
          const all = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, Record<string, string>>;
          resolve(Number(all[group]?.[name] ?? 0));
        } catch {
          resolve(0);
        }
      });
    });
    asked.on('error', () => resolve(0));
    asked.end();
  });
}

/** Waits until a counter has come to `wanted`; rejects when the agent ends or it takes too long. */
export async function waitForCounter(
  agent: Child,
  port: number,
  group: string,
  name: string,
  wanted: number,
  timeoutMs: number,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    if ((await counter(port, group, name)) >= wanted) return;
    if (!agent.alive) throw new Error(`${agent.name} ended with ${agent.code}:\n${agent.log().slice(-2000)}`);
    if (Date.now() > end)
      throw new Error(`${agent.name}: ${group} ${name} did not come to ${wanted} in ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
