import { readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';
import type {
  FileStatus,
  FileSystem,
  FileSystemContext,
  FileSystemDeclaration,
  OutputFile,
} from '../../component/file-system.ts';
import { fromSystemError, SluiceError } from '../../errors.ts';
import { WebHdfsError } from './answers.ts';
import { WebHdfsCalls } from './calls.ts';
import { HttpClient } from './http.ts';
import { WebHdfsFile, type WriteSettings } from './output-file.ts';
import { settle, untilClosed } from './recovery.ts';

/** Figures that tests change. */
export interface WebHdfsSettings extends WriteSettings {
  /** Default: `dfs.webhdfs.socket.connect-timeout` and `.read-timeout` of Hadoop's configuration, else 60 s. */
  readonly connectTimeoutMs?: number;
  readonly readTimeoutMs?: number;
}

const DEFAULTS: WebHdfsSettings = {
  sendAt: 16 << 20,
  waitAt: 32 << 20,
  patience: { busyMs: 120_000, unreachableMs: 90_000 },
  lastPatience: { busyMs: 90_000, unreachableMs: 5_000 },
};
const TIMEOUT_MS = 60_000;
const DEFAULT_PORT = { 'webhdfs:': '9870', 'swebhdfs:': '9871' };

/**
 * HDFS by its HTTP interface. Simple authentication: the user is told (`user.name`), not proved. For `swebhdfs:` the
 * system's certificate authorities are trusted, and those of `ssl.client.truststore.location` when that is a PEM file.
 */
export class WebHdfs implements FileSystem {
  readonly url: string;
  readonly #http: HttpClient;
  readonly #calls: WebHdfsCalls;
  readonly #settings: WebHdfsSettings;

  /** @throws SluiceError TLS_SETTINGS, CONFIG_INVALID */
  constructor(url: URL, context: FileSystemContext, settings: Partial<WebHdfsSettings> = {}) {
    const { hadoop } = context;
    const secure = url.protocol === 'swebhdfs:';
    const port = url.port || DEFAULT_PORT[secure ? 'swebhdfs:' : 'webhdfs:'];
    const host = `${url.hostname}:${port}`;
    this.url = `${url.protocol}//${host}/`;
    this.#settings = { ...DEFAULTS, ...settings };
    this.#http = new HttpClient({
      connectTimeoutMs:
        settings.connectTimeoutMs ?? duration(hadoop, 'dfs.webhdfs.socket.connect-timeout') ?? TIMEOUT_MS,
      readTimeoutMs: settings.readTimeoutMs ?? duration(hadoop, 'dfs.webhdfs.socket.read-timeout') ?? TIMEOUT_MS,
      ca: secure ? trusted(hadoop) : undefined,
    });
    this.#calls = new WebHdfsCalls(this.#http, {
      base: `${secure ? 'https' : 'http'}://${host}`,
      user: context.user,
      createParameters: createParameters(hadoop),
      log: context.log,
      clock: context.clock,
    });
  }

  async create(path: string): Promise<OutputFile> {
    let since = Number.NaN;
    try {
      await this.#calls.create(path, (serverTime) => {
        since = serverTime;
      });
    } catch (error) {
      if (!(error instanceof SluiceError) || !(await this.#isOurs(path, since, error))) throw error;
    }
    return new WebHdfsFile(path, 0, this.#calls, this.#settings);
  }

  async append(path: string): Promise<OutputFile> {
    const status = await this.#calls.status(path);
    if (status === undefined) throw new SluiceError('FILE_NOT_FOUND', `${path} at ${this.url}`);
    if (status.directory) throw new SluiceError('FILE_SYSTEM', `${path} at ${this.url} is a folder`);
    const length = await untilClosed(this.#calls, path, this.#settings.patience);
    return new WebHdfsFile(path, length, this.#calls, this.#settings);
  }

  async truncate(path: string, length: number): Promise<void> {
    // `settle` cuts; a file that is shorter is refused there.
    await settle(this.#calls, path, length, length, this.#settings.patience);
  }

  async rename(from: string, to: string): Promise<void> {
    try {
      await this.#calls.rename(from, to);
    } catch (error) {
      if (!unanswered(error)) throw error;
      await this.#calls.rename(from, to).catch(async (again: unknown) => {
        // The first one was done, only its answer did not arrive.
        const gone = again instanceof SluiceError && again.code === 'FILE_NOT_FOUND';
        if (!gone || (await this.stat(from)) !== undefined || (await this.stat(to)) === undefined) throw again;
      });
    }
  }

  async remove(path: string): Promise<boolean> {
    try {
      return await this.#calls.remove(path);
    } catch (error) {
      if (!unanswered(error)) throw error;
      await this.#calls.remove(path);
      return true;
    }
  }

  async stat(path: string): Promise<FileStatus | undefined> {
    return withoutOwner(await twice(() => this.#calls.status(path)));
  }

  async list(path: string): Promise<readonly FileStatus[]> {
    const found: FileStatus[] = [];
    for (let after = ''; ; after = found[found.length - 1].name) {
      const { entries, remaining } = await twice(() => this.#calls.list(path, after));
      // A file is listed as one entry without a name.
      if (entries.some(({ name }) => name === '')) throw new SluiceError('FILE_SYSTEM', `${path} is not a folder`);
      for (const entry of entries) found.push(withoutOwner(entry));
      if (remaining === 0 || entries.length === 0) return found;
    }
  }

  async mkdirs(path: string): Promise<void> {
    await twice(() => this.#calls.mkdirs(path));
  }

  async read(path: string, offset: number, length: number): Promise<Buffer> {
    if (length <= 0) return Buffer.alloc(0);
    try {
      return await twice(() => this.#calls.read(path, offset, length));
    } catch (error) {
      // An offset at or behind the end is refused.
      if (error instanceof WebHdfsError && /out of the range/.test(error.detail)) return Buffer.alloc(0);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#http.close();
  }

  /**
   * Whether a create whose answer was lost has made the file that is there: empty, of this user, and not older than the
   * NameNode's own time when it was asked (its `Date` has whole seconds).
   */
  async #isOurs(path: string, since: number, error: SluiceError): Promise<boolean> {
    if (!unanswered(error) || Number.isNaN(since)) return false;
    const status = await this.#calls.status(path).catch(() => undefined);
    if (status === undefined || status.directory || status.owner !== this.#calls.user) return false;
    if (status.modified < Math.floor(since / 1000) * 1000 || status.length > 0) return false;
    return (await untilClosed(this.#calls, path, this.#settings.patience).catch(() => -1)) === 0;
  }
}

/** The server may have done it or not. */
function unanswered(error: unknown): boolean {
  return error instanceof SluiceError && (error.code === 'CONNECTION_LOST' || error.code === 'PEER_TIMEOUT');
}

/** Once more when the connection was lost: a kept one may have been closed by the server just then. Only for what can be done twice. */
async function twice<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'CONNECTION_LOST') return await call();
    throw error;
  }
}

function withoutOwner<T extends FileStatus | undefined>(status: T): T extends undefined ? undefined : FileStatus;
function withoutOwner(status: FileStatus | undefined): FileStatus | undefined {
  if (status === undefined) return undefined;
  const { name, directory, length, modified, id } = status;
  return { name, directory, length, modified, id };
}

/** A time of Hadoop's configuration (`500`, `60s`, `2m`) in milliseconds. */
function duration(hadoop: ReadonlyMap<string, string>, key: string): number | undefined {
  const text = hadoop.get(key)?.trim();
  if (text === undefined || text === '') return undefined;
  const parts = /^(\d+)\s*(ms|s|m|h)?$/i.exec(text);
  if (parts === null) throw new SluiceError('CONFIG_INVALID', `${key} is ${text}; a time is wanted, such as 60s`);
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  return Math.max(1, Number(parts[1])) * units[(parts[2] ?? 'ms').toLowerCase()];
}

/** Block size (`134217728`, `128m`) and replication that the client asks for, if its configuration has them. */
function createParameters(hadoop: ReadonlyMap<string, string>): Record<string, string> {
  const parameters: Record<string, string> = {};
  const size = hadoop.get('dfs.blocksize')?.trim();
  if (size !== undefined) {
    const parts = /^(\d+)\s*([kmgt])?$/i.exec(size);
    if (parts === null) throw new SluiceError('CONFIG_INVALID', `dfs.blocksize is ${size}; a size is wanted: 128m`);
    const power = parts[2] === undefined ? 0 : 'kmgt'.indexOf(parts[2].toLowerCase()) + 1;
    parameters['blocksize'] = String(Number(parts[1]) * 1024 ** power);
  }
  const replication = hadoop.get('dfs.replication')?.trim();
  if (replication !== undefined && /^\d+$/.test(replication)) parameters['replication'] = replication;
  return parameters;
}

function trusted(hadoop: ReadonlyMap<string, string>): readonly string[] | undefined {
  const path = hadoop.get('ssl.client.truststore.location')?.trim();
  if (path === undefined || path === '') return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    throw new SluiceError('TLS_SETTINGS', `ssl.client.truststore.location ${path}`, fromSystemError(error, path));
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    throw new SluiceError(
      'TLS_SETTINGS',
      `ssl.client.truststore.location ${path} is no PEM file; write one with: keytool -exportcert -rfc -keystore ${path} -alias ALIAS`,
    );
  }
  return [...getCACertificates('default'), text];
}

export const webhdfs: FileSystemDeclaration = {
  schemes: ['webhdfs', 'swebhdfs'],
  open: (url, context) => new WebHdfs(url, context),
};
