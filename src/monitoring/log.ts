import winston from 'winston';
import type { LogFields, Logger } from '../component/context.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

export interface LogSettings {
  readonly format: 'text' | 'json';
  readonly level: LogLevel;
  /** Where the lines go. */
  readonly stream: NodeJS.WritableStream;
}

/** The log of a process: makes a logger for each component and changes the level of all at run time. */
export interface Log {
  /** @param name how lines name the component: `source r1` */
  logger(name: string): Logger;
  level: LogLevel;
}

/** A log through winston: one line an entry, as text or as JSON. */
export function createLog(settings: LogSettings): Log {
  const root = winston.createLogger({
    level: settings.level,
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    format: winston.format.combine(
      winston.format.timestamp(),
      settings.format === 'json' ? winston.format.json() : winston.format.printf(renderLine),
    ),
    transports: [new winston.transports.Stream({ stream: settings.stream })],
  });
  // winston costs 3.5 us even for a level that is off, so the level is kept in plain sight here.
  const order: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];
  let rank = order.indexOf(settings.level);
  const logger = (name: string): Logger => {
    const write = (level: LogLevel, message: string, fields?: LogFields): void => {
      if (order.indexOf(level) <= rank) root.log({ level, message, component: name, ...fields });
    };
    return {
      error: (message, fields) => write('error', message, fields),
      warn: (message, fields) => write('warn', message, fields),
      info: (message, fields) => write('info', message, fields),
      debug: (message, fields) => write('debug', message, fields),
      get isDebug() {
        return rank >= 3;
      },
    };
  };
  return {
    logger,
    get level() {
      return order[rank]!;
    },
    set level(level: LogLevel) {
      rank = order.indexOf(level);
      root.level = level;
    },
  };
}

/** Control characters but the tab: names of files and texts of peers may hold them, and a terminal obeys them. */
const CONTROLS = /[^\P{Cc}\t]/gu;

/** `2026-11-23T10:20:30.123Z INFO  [source r1] message key=value`, always one line. */
function renderLine(info: Record<string, unknown>): string {
  const { level, message, component, timestamp, ...fields } = info;
  let line = `${timestamp} ${String(level).toUpperCase().padEnd(5)} [${component}] ${message}`;
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) line += ` ${key}=${value}`;
  return line
    .replace(/\r?\n/g, '\\n')
    .replace(CONTROLS, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
