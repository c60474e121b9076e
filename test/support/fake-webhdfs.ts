import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A request as it comes in. `stage`: at the NameNode (`ask`) or at the DataNode it redirects to (`data`). */
export type FakeCall = {
  op: string;
  path: string;
  stage: 'ask' | 'data';
  parameters: URLSearchParams;
  request: IncomingMessage;
  response: ServerResponse;
};

/** Takes a call away from the server: true when it has dealt with it. */
export type Misbehaviour = (call: FakeCall) => boolean | undefined | Promise<boolean | undefined>;

type FakeFile = { content: Buffer; modified: number; owner: string };

/** NameNode and DataNode in one, with files in memory, for what the real ones do not do on demand. */
export class FakeWebHdfs {
  readonly files = new Map<string, FakeFile>();
  /** `OP stage` of each call, in order. */
  readonly calls: string[] = [];
  misbehave: Misbehaviour = () => undefined;
  #server: Server;
  #scheme: 'http' | 'https';

  constructor(tls?: { key: string; cert: string }) {
    const listener: RequestListener = (request, response) => {
      void this.#handle(request, response).catch(() => response.destroy());
    };
    this.#scheme = tls === undefined ? 'http' : 'https';
    this.#server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** How often an operation came to a stage: `count('APPEND data')`. */
  count(call: string): number {
    return this.calls.filter((other) => other === call).length;
  }

  text(path: string): string | undefined {
    return this.files.get(path)?.content.toString();
  }

  put(path: string, content: string | Buffer, modified = Date.now()): void {
    this.files.set(path, { content: Buffer.from(content), modified, owner: 'ann' });
  }

  /** Adds to a file as an append does. */
  store(path: string, bytes: Buffer): void {
    const file = this.files.get(path);
    if (file !== undefined) file.content = Buffer.concat([file.content, bytes]);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://fake');
    const op = url.searchParams.get('op') ?? '';
    const path = decodeURIComponent(url.pathname.replace('/webhdfs/v1', ''));
    const stage = url.searchParams.has('data') ? 'data' : 'ask';
    const call: FakeCall = { op, path, stage, parameters: url.searchParams, request, response };
    this.calls.push(`${op} ${stage}`);
    if ((await this.misbehave(call)) === true) return;
    if (stage === 'ask' && ['CREATE', 'APPEND', 'OPEN'].includes(op)) {
      if (op !== 'CREATE' && !this.files.has(path)) {
        refuse(response, 404, 'FileNotFoundException', path);
        return;
      }
      url.searchParams.set('data', 'true');
      const location = `${this.#scheme}://localhost:${this.port}${url.pathname}${url.search}`;
      response.writeHead(307, { location }).end();
      return;
    }
    const body = await readAll(request);
    this.#answer(call, body);
  }

  #answer({ op, path, parameters, response }: FakeCall, body: Buffer): void {
    const file = this.files.get(path);
    const missing = file === undefined;
    if (op === 'CREATE' && !missing) {
      refuse(response, 403, 'FileAlreadyExistsException', `${path} already exists`);
    } else if (op === 'CREATE') {
      this.put(path, body);
      response.writeHead(201).end();
    } else if (op === 'MKDIRS') {
      answer(response, { boolean: true });
    } else if (op === 'DELETE') {
      answer(response, { boolean: this.files.delete(path) });
    } else if (missing) {
      refuse(response, 404, 'FileNotFoundException', `File does not exist: ${path}\n\tat x`);
    } else if (op === 'RENAME') {
      this.#rename(path, parameters.get('destination') ?? '', file, response);
    } else if (op === 'APPEND') {
      this.store(path, body);
      response.end();
    } else if (op === 'GETFILESTATUS') {
      answer(response, { FileStatus: this.status(path) });
    } else if (op === 'GET_BLOCK_LOCATIONS') {
      answer(response, { LocatedBlocks: { fileLength: file.content.length, isUnderConstruction: false } });
    } else if (op === 'TRUNCATE') {
      file.content = file.content.subarray(0, Number(parameters.get('newlength')));
      answer(response, { boolean: true });
    } else if (op === 'OPEN') {
      const offset = Number(parameters.get('offset'));
      response.end(file.content.subarray(offset, offset + Number(parameters.get('length'))));
    } else {
      refuse(response, 400, 'IllegalArgumentException', `Invalid value for webhdfs parameter "op": ${op}`);
    }
  }

  #rename(from: string, to: string, file: FakeFile, response: ServerResponse): void {
    if (this.files.has(to)) {
      refuse(response, 403, 'FileAlreadyExistsException', to);
      return;
    }
    this.files.delete(from);
    this.files.set(to, file);
    response.end();
  }

  status(path: string): Record<string, unknown> {
    const file = this.files.get(path);
    return {
      pathSuffix: '',
      type: 'FILE',
      length: file?.content.length ?? 0,
      modificationTime: file?.modified ?? 0,
      owner: file?.owner ?? '',
    };
  }
}

export function answer(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
}

/** Answers as Hadoop does. */
export function refuse(response: ServerResponse, status: number, exception: string, message: string): void {
  response.statusCode = status;
  answer(response, { RemoteException: { exception, javaClassName: `org.apache.hadoop.${exception}`, message } });
}

/** The whole body of a request. */
export async function readAll(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** The first bytes of a body, at least `count`. */
export async function readSome(request: IncomingMessage, count: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    parts.push(part as Buffer);
    length += (part as Buffer).length;
    if (length >= count) break;
  }
  return Buffer.concat(parts).subarray(0, count);
}
