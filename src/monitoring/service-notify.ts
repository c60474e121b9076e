/**
 * Tells the service manager (systemd, `Type=notify`) how the agent is: ready, stopping, a status line, and the
 * watchdog's sign of life. Without NOTIFY_SOCKET all of it does nothing.
 *
 * Node has no unix datagram sockets. So libc's `sendto` is called through koffi (an optional package, 0.3 ms a message),
 * else the program `systemd-notify` is started (11 ms a message; the unit then needs `NotifyAccess=all`), else a
 * warning is logged once and the agent runs on.
 */
import { execFile } from 'node:child_process';
import { endianness } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** The part of the environment that a service manager sets. */
export type ServiceEnvironment = { NOTIFY_SOCKET?: string; WATCHDOG_USEC?: string };

/** Where warnings go; the agent's logger fits. */
export type ServiceLog = { warn(message: string): void };

/** Delivers one message; rejects when it cannot. */
export type Send = (message: string) => Promise<void>;

/** Makes a {@link Send} for a socket address, or rejects when this way is not to be had on this machine. */
export type Transport = (address: string) => Promise<Send>;

/** What the agent says to its service manager. No method rejects: a failure is logged once. */
export type ServiceNotifier = {
  /** The agent is up: `systemctl start` returns. Resolves when the message is sent. */
  ready(): Promise<void>;
  /** The agent has begun to stop. Resolves when the message is sent. */
  stopping(): Promise<void>;
  /** One line for `systemctl status`. */
  status(text: string): Promise<void>;
  /**
   * Sends a sign of life every half of WATCHDOG_USEC for as long as `isHealthy` says so; a hung event loop sends none,
   * and the service manager restarts the agent.
   */
  startWatchdog(isHealthy: () => boolean): void;
  /** Ends the watchdog and waits for messages under way. */
  close(): Promise<void>;
};

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const EAGAIN = 11;
/** `sun_path` of Linux. */
const MAX_PATH = 108;
const SEND_TRIES = 20;
const SEND_PAUSE_MS = 50;

/** The bytes of `struct sockaddr_un`; an address that begins with `@` lies in Linux's abstract name space. */
function socketAddress(address: string): Buffer {
  const path = Buffer.from(address);
  if (path.length > MAX_PATH || (address[0] !== '/' && address[0] !== '@')) {
    throw new Error(`NOTIFY_SOCKET=${address} is not a unix socket that can be written to`);
  }
  const name = Buffer.alloc(2 + path.length);
  if (endianness() === 'LE') name.writeUInt16LE(AF_UNIX, 0);
  else name.writeUInt16BE(AF_UNIX, 0);
  path.copy(name, 2);
  if (address[0] === '@') name[2] = 0;
  return name;
}

/** Sends through libc, called by koffi. */
export const socketTransport: Transport = async (address) => {
  const name = socketAddress(address);
  const { default: koffi } = await import('koffi');
  const libc = koffi.load(null);
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const sendto = libc.func(
    'long sendto(int fd, const void *data, size_t size, int flags, const void *name, uint length)',
  );
  const close = libc.func('int close(int fd)');
  return async (message) => {
    const data = Buffer.from(message);
    const fd: number = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) throw new Error(`no socket: errno ${koffi.errno()}`);
    try {
      for (let tries = 1; ; tries++) {
        if (sendto(fd, data, data.length, MSG_DONTWAIT | MSG_NOSIGNAL, name, name.length) >= 0) return;
        const errno = koffi.errno();
        // EAGAIN: the manager's queue is full, it is busy with others.
        if (errno !== EAGAIN || tries === SEND_TRIES) throw new Error(`cannot write to ${address}: errno ${errno}`);
        await delay(SEND_PAUSE_MS);
      }
    } finally {
      close(fd);
    }
  };
};

/** Sends through the program `systemd-notify`. */
export const commandTransport: Transport = async (address) => {
  const env = { NOTIFY_SOCKET: address, PATH: '/usr/local/bin:/usr/bin:/bin' };
  const run = (args: string[]) =>
    new Promise<void>((resolve, reject) => {
      // --no-block: else the program waits up to 5 s for an answer that a container's manager never gives.
      execFile('systemd-notify', args, { env, timeout: 5000 }, (error) => (error ? reject(error) : resolve()));
    });
  await run(['--version']);
  return (message) => run(['--no-block', ...message.split('\n')]);
};

async function openFirst(address: string, transports: readonly Transport[]): Promise<Send> {
  const reasons: string[] = [];
  for (const transport of transports) {
    try {
      return await transport(address);
    } catch (error) {
      reasons.push(error instanceof Error ? error.message.split('\n', 1)[0] : String(error));
    }
  }
  throw new Error(reasons.join('; '));
}

/**
 * @param env `NOTIFY_SOCKET` and `WATCHDOG_USEC` as the service manager set them.
 * @param log told once when messages cannot be sent, and once when the agent is found unhealthy.
 * @param transports the ways to send, best first.
 */
export function createServiceNotifier(
  env: ServiceEnvironment,
  log: ServiceLog,
  transports: readonly Transport[] = [socketTransport, commandTransport],
): ServiceNotifier {
  const address = env.NOTIFY_SOCKET;
  let sender: Promise<Send> | undefined;
  let last: Promise<void> = Promise.resolve();
  let warned = false;
  let timer: NodeJS.Timeout | undefined;

  const deliver = async (message: string) => {
    try {
      sender ??= openFirst(address ?? '', transports);
      await (await sender)(message);
    } catch (error) {
      if (warned) return;
      warned = true;
      log.warn(
        `The service manager cannot be told "${message.split('\n', 1)[0]}" (${error instanceof Error ? error.message : error}). ` +
          'Install the npm package koffi or the program systemd-notify, or set Type=exec and no WatchdogSec in the unit.',
      );
    }
  };
  const send = (message: string) => {
    if (!address) return Promise.resolve();
    last = last.then(() => deliver(message));
    return last;
  };

  return {
    ready: () => send('READY=1'),
    stopping: () => send('STOPPING=1'),
    status: (text) => send(`STATUS=${text.replaceAll(/[\r\n]+/g, ' ')}`),
    startWatchdog(isHealthy) {
      const period = Number(env.WATCHDOG_USEC) / 1000;
      if (!address || !(period > 0) || timer) return;
      let healthy = true;
      const beat = () => {
        const now = isHealthy();
        if (now) void send('WATCHDOG=1');
        else if (healthy) log.warn('The agent does not get on: the watchdog gets no more signs of life.');
        healthy = now;
      };
      beat();
      timer = setInterval(beat, Math.max(1, period / 2));
      timer.unref();
    },
    close() {
      clearInterval(timer);
      return last;
    },
  };
}
