import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../support/wait-for.ts';
import { type Case, expectedFile, readJsonLines, type Step } from './case.ts';
import { Connection, type HttpReply, sendHttp, sendUdp } from './clients.ts';
import type { ExpectedEvent } from './compare-events.ts';
import { type Observed, sinkEvents } from './observed.ts';

/** The steps of a case that are a client's: what they send, and the answers kept for comparing. */
export class Sender {
  readonly #case: Case;
  readonly observed: Observed;
  #sent = new Set<string>();
  #connections = new Map<string, Connection>();

  constructor(testCase: Case, observed: Observed) {
    this.#case = testCase;
    this.observed = observed;
  }

  /** Ends the connections that are still open. */
  close(): void {
    for (const connection of this.#connections.values()) connection.destroy();
  }

  #input(name: string): Buffer {
    return readFileSync(join(this.#case.inputDir, name));
  }

  #port(name: string): number {
    return Number(this.observed.values.names[name]);
  }

  async http(step: Extract<Step, { http: string }>): Promise<void> {
    for (const input of step.send) {
      const { method, path, headers } = step;
      const sent = { input, method: method ?? 'POST', path: path ?? '/', headers: headers ?? {} };
      let reply: HttpReply;
      try {
        reply = await sendHttp(this.#port(step.http), { method, path, headers, body: this.#input(input) });
      } catch (error) {
        this.observed.responses.push({ ...sent, status: 0, reason: (error as Error).message });
        continue;
      }
      const { status, reason, body } = reply;
      this.observed.responses.push({
        ...sent,
        status,
        reason,
        response_headers: reply.headers,
        response_body: body.toString('latin1'),
      });
    }
  }

  async httpGet(step: Extract<Step, { http_get: string }>): Promise<void> {
    const method = step.method ?? 'GET';
    const reply = await sendHttp(this.#port(step.http_get), { method, path: step.path });
    this.observed.responses.push({
      method,
      path: step.path,
      status: reply.status,
      content_type: reply.headers['content-type'] ?? null,
      body: reply.body.toString('latin1'),
    });
  }

  async tcp(step: Extract<Step, { tcp: string }>): Promise<void> {
    for (const input of step.send) {
      const connection = new Connection(this.#port(step.tcp));
      try {
        await connection.open();
        await connection.write(this.#input(input));
        if (step.shutdown || !step.reply) connection.socket.end();
        if (step.reply) await sleep(250);
        else await this.#eventsOf(input);
        const { bytes, closed } = connection.take();
        if (step.reply) this.observed.responses.push({ input, reply: bytes.toString(), closed_by_flume: closed });
      } catch (error) {
        this.observed.problems.push(`tcp ${input}: ${(error as Error).message}`);
      } finally {
        connection.destroy();
      }
    }
  }

  async raw(step: Extract<Step, { raw: string }>): Promise<void> {
    for (const input of step.send) {
      let connection = this.#connections.get(step.connection);
      if (!connection) {
        connection = new Connection(this.#port(step.raw));
        this.#connections.set(step.connection, connection);
        await connection.open();
      }
      await connection.write(this.#input(input));
      // The recording says how long the answer is; one that stays out has a short while to show that it comes after all.
      const wanted = this.#wantedReply(input);
      const open = connection;
      const done = () => open.closed || (wanted.length > 0 && open.received >= wanted.length);
      await waitFor(done, { timeoutMs: wanted.length > 0 || wanted.closed ? 3000 : 300 }).catch(() => {});
      const { bytes, closed } = connection.take();
      this.observed.responses.push({
        input,
        connection: step.connection,
        reply_hex: bytes.toString('hex'),
        closed_by_flume: closed,
      });
    }
  }

  #wantedReply(input: string): { length: number; closed: boolean } {
    const file = expectedFile(this.#case, 'responses.jsonl');
    const line =
      file &&
      readFileSync(file, 'utf8')
        .split('\n')
        .find((text) => text.includes(`"input": "${input}"`));
    if (!line) return { length: 0, closed: false };
    const reply = JSON.parse(line) as { reply_hex: string; closed_by_flume: boolean };
    return { length: reply.reply_hex.length / 2, closed: reply.closed_by_flume };
  }

  async udp(step: Extract<Step, { udp: string }>): Promise<void> {
    for (const input of step.send) {
      await sendUdp(this.#port(step.udp), this.#input(input));
      await this.#eventsOf(input);
    }
  }

  /** Waits for the events that the recording has of an input, so that those of the next connection come after them. */
  async #eventsOf(input: string): Promise<void> {
    this.#sent.add(input);
    const file = expectedFile(this.#case, 'events.k.jsonl');
    const lines = file ? readJsonLines<ExpectedEvent>(file) : [];
    const wanted = lines.filter((event) => event.input === undefined || this.#sent.has(event.input)).length;
    const there = () => sinkEvents(this.observed.dir, 'k').length >= wanted;
    await waitFor(there, { timeoutMs: 1000, everyMs: 10 }).catch(() => {});
  }
}
