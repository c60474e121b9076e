import type { IncomingMessage } from 'node:http';
import { type BodyBudget, HeldBody, readBody } from '../../rpc/http/body.ts';
import { type InflateLimits, inflate } from '../../rpc/http/inflate.ts';
import { Refusal } from '../../rpc/http/refusal.ts';
import { type Envelope, EnvelopeError, readEnvelope } from '../../sentry/envelope/read-envelope.ts';
import { type Credentials, credentialsOf, type Dsn, parseDsn } from './auth.ts';
import type { Endpoint } from './endpoints.ts';
import { checkEvent, checkLimits } from './limits.ts';
import { ofMinidump } from './minidump.ts';
import type { Options } from './options.ts';
import type { Projects } from './projects.ts';
import { ofReports } from './security.ts';
import { ofStore, storeJson } from './store.ts';
import { ofEnvelope, type Sender, type Submission } from './submission.ts';

/** What a request brought, and the memory it lies in. */
export interface ReadRequest {
  readonly submission: Submission;
  readonly body: HeldBody;
  /** The body as it was sent. */
  readonly raw: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** Reads requests: who sends, whether that one may, and what. */
export class RequestReader {
  readonly #options: Options;
  readonly #projects: Projects;
  readonly #budget: BodyBudget;
  readonly #limits: InflateLimits;
  /** Of bodies that are one event: base64 makes them a third longer. */
  readonly #eventLimits: InflateLimits;

  constructor(options: Options, projects: Projects, budget: BodyBudget) {
    this.#options = options;
    this.#projects = projects;
    this.#budget = budget;
    const most = options['limits.envelope'];
    this.#limits = { most, budget, tooLong: `the request is longer than limits.envelope = ${most}` };
    const event = options['limits.event'];
    const tooLong = `the event is longer than limits.event = ${event}`;
    this.#eventLimits = { most: Math.min(most, 2 * event), budget, tooLong };
  }

  /**
   * @param query what stands behind the `?`
   * @param received milliseconds since 1970
   * @param signal aborted when the agent stops
   * @throws Refusal
   */
  async read(
    request: IncomingMessage,
    endpoint: Endpoint,
    query: string,
    received: number,
    signal: AbortSignal,
  ): Promise<ReadRequest> {
    const credentials = credentialsOf(request.headers, query, endpoint.kind !== 'tunnel');
    // Who may not send is not read from, as far as that is known by now.
    const known = credentials === undefined ? undefined : this.#projectOf(endpoint, credentials.key);
    if (credentials === undefined && endpoint.kind !== 'envelope' && endpoint.kind !== 'tunnel') throw missing();
    const { body, raw } = await this.#body(request, endpoint, query, signal);
    try {
      const submission = this.#submission(request, endpoint, query, body.bytes, credentials, known, received);
      checkLimits(submission.items, this.#options);
      return { submission, body, raw };
    } catch (error) {
      body.release();
      throw error;
    }
  }

  async #body(
    request: IncomingMessage,
    { kind }: Endpoint,
    query: string,
    signal: AbortSignal,
  ): Promise<{ body: HeldBody; raw: Buffer }> {
    if (request.method === 'GET') return { body: await this.#json(this.#queryData(query)), raw: NOTHING };
    const limits = isOneEvent(kind) ? this.#eventLimits : this.#limits;
    const { most, tooLong } = limits;
    const packed = await readBody(request, most, this.#budget, tooLong, signal);
    const raw = packed.bytes;
    const body = await inflate(packed, request.headers['content-encoding'], limits);
    return { body: kind === 'store' ? await this.#json(body) : body, raw };
  }

  /** What is in the body of an event for `/store/`. */
  async #json(body: HeldBody): Promise<HeldBody> {
    try {
      return await storeJson(body, this.#eventLimits);
    } catch (error) {
      body.release();
      throw error;
    }
  }

  /** The event that a GET has in its URL; a blank there was a plus. */
  #queryData(query: string): HeldBody {
    const data = new URLSearchParams(query).get('sentry_data');
    if (data === null) throw new Refusal(400, 'empty request body');
    const bytes = Buffer.from(data.startsWith('{') ? data : data.replaceAll(' ', '+'));
    this.#budget.take(bytes.length);
    return new HeldBody(bytes, this.#budget);
  }

  #submission(
    request: IncomingMessage,
    endpoint: Endpoint,
    query: string,
    bytes: Buffer,
    credentials: Credentials | undefined,
    known: string | undefined,
    received: number,
  ): Submission {
    const sender = (project: string): Sender => ({
      project,
      received,
      sentAt: credentials?.sentAt ?? Number.NaN,
      client: credentials?.client,
    });
    const { kind } = endpoint;
    if (isOneEvent(kind)) checkEvent(bytes, this.#options);
    switch (kind) {
      case 'store':
        return ofStore(bytes, sender(known!));
      case 'security':
      case 'nel':
        return ofReports(bytes, sender(known!), query, kind === 'nel');
      case 'minidump':
        return ofMinidump(bytes, request.headers['content-type'], sender(known!));
      default: {
        const envelope = envelopeOf(bytes);
        const dsn = parseDsn(envelope.headers['dsn']);
        const key = credentials?.key ?? dsn?.key;
        if (key === undefined) throw missing();
        const named = known ?? endpoint.project ?? dsn?.project;
        if (named === undefined) throw new Refusal(400, 'the envelope of a tunnel needs a dsn');
        const project = known ?? this.#check(named, key);
        if (this.#options.strictDsn) checkDsn(dsn, project, key);
        return ofEnvelope(envelope, sender(project));
      }
    }
  }

  /** The project of a request whose key is known; `undefined` for a tunnel, whose envelope says it. */
  #projectOf({ kind, project }: Endpoint, key: string): string | undefined {
    if (project !== undefined) return this.#check(project, key);
    if (kind !== 'store') return undefined;
    if (this.#projects.open) throw new Refusal(400, 'no project in the URL, and no projects are configured');
    return this.#projects.projectOf(key) ?? this.#check('', key);
  }

  #check(project: string, key: string): string {
    if (this.#projects.accepts(project, key)) return project;
    throw new Refusal(403, 'event submission rejected with_reason: ProjectId', this.#whyNot(project));
  }

  /** For the operator; the client is told of no project whether it is there. */
  #whyNot(project: string): string {
    if (project === '') return 'its key is of no project in `projects`, or of several';
    if (!this.#projects.knows(project)) return `project ${project} is not in \`projects\``;
    return `its key is not one that \`projects\` has for project ${project}`;
  }
}

function isOneEvent(kind: Endpoint['kind']): boolean {
  return kind === 'store' || kind === 'security' || kind === 'nel';
}

function envelopeOf(bytes: Buffer): Envelope {
  try {
    return readEnvelope(bytes);
  } catch (error) {
    if (error instanceof EnvelopeError) throw new Refusal(400, error.message);
    throw error;
  }
}

function checkDsn(dsn: Dsn | undefined, project: string, key: string): void {
  if (dsn === undefined || (dsn.key === key && dsn.project === project)) return;
  throw new Refusal(400, "the envelope's dsn is for another project or key than the request");
}

function missing(): Refusal {
  return new Refusal(401, 'missing authorization information');
}
