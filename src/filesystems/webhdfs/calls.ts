import type { Clock, Logger } from '../../component/context.ts';
import type { FileStatus } from '../../component/file-system.ts';
import { SluiceError } from '../../errors.ts';
import { errorOf, fieldOf, flagOf, isUnknownOperation, memberOf, numberOf, textOf, WebHdfsError } from './answers.ts';
import type { Answer, HttpClient } from './http.ts';

/** Bytes of an answer about one file; of a page of a listing (1000 names of up to 255 characters). */
const ANSWER_LIMIT = 1 << 20;
const LISTING_LIMIT = 64 << 20;

export interface CallSettings {
  /** `http://HOST:PORT` */
  readonly base: string;
  readonly user: string;
  /** Further parameters of CREATE (block size, replication). */
  readonly createParameters: Readonly<Record<string, string>>;
  readonly log: Logger;
  readonly clock: Clock;
}

/** A file as the NameNode knows it. */
export interface Stored {
  readonly length: number;
  /** Somebody writes to it, or its last block is being recovered: it can be neither appended to nor cut, and `length` may be old. */
  readonly open: boolean;
}

export interface RemoteStatus extends FileStatus {
  readonly owner: string;
}

type Parameters = Readonly<Record<string, string>>;

/** The operations of WebHDFS that Sluice needs, each as one call that is not repeated. */
export class WebHdfsCalls {
  readonly #http: HttpClient;
  readonly #settings: CallSettings;
  #locationsServed = true;

  constructor(http: HttpClient, settings: CallSettings) {
    this.#http = http;
    this.#settings = settings;
  }

  get log(): Logger {
    return this.#settings.log;
  }

  get clock(): Clock {
    return this.#settings.clock;
  }

  get user(): string {
    return this.#settings.user;
  }

  /** Makes an empty file; resolves when it is closed. `onSent` hears the NameNode's clock (ms) before the DataNode is asked. */
  async create(path: string, onSent: (serverTime: number) => void): Promise<void> {
    const parameters = { overwrite: 'false', ...this.#settings.createParameters };
    const { location, serverTime } = await this.#redirect('PUT', 'CREATE', path, parameters);
    onSent(serverTime);
    await this.#send('PUT', 'CREATE', path, location, [], false);
  }

  /**
   * Adds bytes; they are durable when it resolves. After a rejection any part of them may be, or may become so shortly.
   *
   * The NameNode is asked each time: that is 1 ms of 12 to 470, and gives a DataNode that is alive.
   */
  async append(path: string, body: readonly Buffer[], cautious: boolean, signal?: AbortSignal): Promise<void> {
    const { location } = await this.#redirect('POST', 'APPEND', path, {}, signal);
    await this.#send('POST', 'APPEND', path, location, body, cautious, signal);
  }

  /** Cuts a file. True: done. False: its last block is being recovered; see `stored`. */
  async truncate(path: string, length: number, signal?: AbortSignal): Promise<boolean> {
    const answer = await this.#call('POST', 'TRUNCATE', path, { newlength: String(length) }, signal);
    return fieldOf(answer, 'boolean', this.#what('TRUNCATE', path)) === true;
  }

  /** The length and whether it is final. */
  async stored(path: string, signal?: AbortSignal): Promise<Stored> {
    if (this.#locationsServed) {
      try {
        const answer = await this.#call('GET', 'GET_BLOCK_LOCATIONS', path, { offset: '0', length: '1' }, signal);
        const what = this.#what('GET_BLOCK_LOCATIONS', path);
        const blocks = fieldOf(answer, 'LocatedBlocks', what);
        return { length: numberOf(blocks, 'fileLength', what), open: flagOf(blocks, 'isUnderConstruction') };
      } catch (error) {
        // Undocumented: HttpFS does not know it. Then the errors of the next call must tell.
        const unknown =
          error instanceof WebHdfsError && /^(IllegalArgument|UnsupportedOperation)/.test(error.exception);
        if (!unknown) throw error;
        this.#locationsServed = false;
      }
    }
    const status = await this.status(path, signal);
    if (status === undefined) throw new SluiceError('FILE_NOT_FOUND', this.#what('GETFILESTATUS', path));
    return { length: status.length, open: false };
  }

  /** What lies there. */
  async status(path: string, signal?: AbortSignal): Promise<RemoteStatus | undefined> {
    try {
      const answer = await this.#call('GET', 'GETFILESTATUS', path, {}, signal);
      const what = this.#what('GETFILESTATUS', path);
      return this.#status(fieldOf(answer, 'FileStatus', what), path.slice(path.lastIndexOf('/') + 1), what);
    } catch (error) {
      if (!(error instanceof WebHdfsError)) throw error;
      const none = error.code === 'FILE_NOT_FOUND' || error.exception === 'ParentNotDirectoryException';
      // The NameNode says so, in the guise of a refused permission, of a path below a file.
      if (none || /is not a directory/i.test(error.detail)) return undefined;
      throw error;
    }
  }

  /** A page of a folder's entries, those behind `after`, and how many are left. */
  async list(path: string, after: string): Promise<{ entries: RemoteStatus[]; remaining: number }> {
    const what = this.#what('LISTSTATUS', path);
    let page: unknown;
    let remaining = 0;
    try {
      const parameters: Parameters = after === '' ? {} : { startAfter: after };
      const answer = await this.#call('GET', 'LISTSTATUS_BATCH', path, parameters, undefined, LISTING_LIMIT);
      const listing = fieldOf(answer, 'DirectoryListing', what);
      page = memberOf(memberOf(listing, 'partialListing', what), 'FileStatuses', what);
      remaining = numberOf(listing, 'remainingEntries', what);
    } catch (error) {
      // Hadoop 2 has no pages.
      if (after !== '' || !isUnknownOperation(error)) throw error;
      const answer = await this.#call('GET', 'LISTSTATUS', path, {}, undefined, LISTING_LIMIT);
      page = fieldOf(answer, 'FileStatuses', what);
    }
    const found = memberOf(page, 'FileStatus', what);
    if (!Array.isArray(found)) throw new SluiceError('PROTOCOL', `${what}: the answer's FileStatus is no list`);
    const entries = found.map((entry: unknown) => this.#status(entry, textOf(entry, 'pathSuffix', what), what));
    // Names lead to further calls, and pages that do not move on would never end.
    if (entries.some(({ name }) => name.includes('/')) || (after !== '' && entries.at(-1)?.name === after)) {
      throw new SluiceError('PROTOCOL', `${what}: the answer names what cannot lie in a folder`);
    }
    return { entries, remaining };
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#call('PUT', 'RENAME', from, { destination: to, renameoptions: 'NONE' });
  }

  async remove(path: string): Promise<boolean> {
    const answer = await this.#call('DELETE', 'DELETE', path, { recursive: 'true' });
    return fieldOf(answer, 'boolean', this.#what('DELETE', path)) === true;
  }

  async mkdirs(path: string): Promise<void> {
    const answer = await this.#call('PUT', 'MKDIRS', path);
    const what = this.#what('MKDIRS', path);
    if (fieldOf(answer, 'boolean', what) !== true) throw new SluiceError('FILE_SYSTEM', what);
  }

  async read(path: string, offset: number, length: number): Promise<Buffer> {
    const parameters = { offset: String(offset), length: String(length) };
    const { location } = await this.#redirect('GET', 'OPEN', path, parameters);
    const what = this.#what('OPEN', path, location.host);
    // A file shorter than asked for ends early; one byte more than asked for is refused.
    const limit = Math.max(length, ANSWER_LIMIT);
    const answer = await this.#http.exchange({ method: 'GET', url: location, what, limit });
    if (answer.status !== 200) throw errorOf(answer, what);
    return answer.body.subarray(0, length);
  }

  #status(value: unknown, name: string, what: string): RemoteStatus {
    const type = textOf(value, 'type', what);
    // HttpFS does not tell it.
    const fileId = (value as { readonly fileId?: unknown }).fileId;
    return {
      name,
      directory: type === 'DIRECTORY',
      length: numberOf(value, 'length', what),
      modified: numberOf(value, 'modificationTime', what),
      owner: textOf(value, 'owner', what),
      id: fileId === undefined ? undefined : String(fileId),
    };
  }

  async #call(
    method: string,
    op: string,
    path: string,
    parameters: Parameters = {},
    signal?: AbortSignal,
    limit = ANSWER_LIMIT,
  ): Promise<Answer> {
    const what = this.#what(op, path);
    const url = this.#url(op, path, parameters);
    const answer = await this.#http.exchange({ method, url, what, limit, signal });
    if (answer.status !== 200) throw errorOf(answer, what);
    return answer;
  }

  /** Asks the NameNode where to send or read: by 307, or by JSON where a gateway answers as for `noredirect`. */
  async #redirect(
    method: string,
    op: string,
    path: string,
    parameters: Parameters,
    signal?: AbortSignal,
  ): Promise<{ location: URL; serverTime: number }> {
    const what = this.#what(op, path);
    const url = this.#url(op, path, parameters);
    const answer = await this.#http.exchange({ method, url, what, limit: ANSWER_LIMIT, signal });
    let given: string | undefined;
    if (answer.status === 307 || answer.status === 302) given = answer.headers.location;
    else if (answer.status === 200) given = textOf({ Location: fieldOf(answer, 'Location', what) }, 'Location', what);
    else throw errorOf(answer, what);
    const location = given === undefined ? null : URL.parse(given, url.href);
    const allowed = url.protocol === 'https:' ? ['https:'] : ['http:', 'https:'];
    if (location === null || !allowed.includes(location.protocol)) {
      throw new SluiceError('PROTOCOL', `${what}: redirected to no ${allowed.at(-1)}// address`);
    }
    return { location, serverTime: Date.parse(answer.headers.date ?? '') };
  }

  async #send(
    method: string,
    op: string,
    path: string,
    url: URL,
    body: readonly Buffer[],
    cautious: boolean,
    signal?: AbortSignal,
  ): Promise<void> {
    const what = this.#what(op, path, url.host);
    const answer = await this.#http.exchange({ method, url, what, body, cautious, limit: ANSWER_LIMIT, signal });
    if (answer.status !== 200 && answer.status !== 201) throw errorOf(answer, what);
  }

  #url(op: string, path: string, parameters: Parameters): URL {
    const escaped = path.split('/').map(encodeURIComponent).join('/');
    const query = new URLSearchParams({ op, 'user.name': this.#settings.user, ...parameters });
    return new URL(`${this.#settings.base}/webhdfs/v1${escaped}?${query.toString().replaceAll('+', '%20')}`);
  }

  #what(op: string, path: string, host = new URL(this.#settings.base).host): string {
    return `${op} ${path} at ${host}`;
  }
}
