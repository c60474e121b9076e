/** How lines of well-known logs are joined to events, so that nobody has to write the pattern. */

interface LinePreset {
  /** A line that begins an event; all others belong to the one before. */
  readonly start?: string;
  /** A line that belongs to the event before it. */
  readonly continuation?: string;
}

/**
 * - `sentry`: every log of a self-hosted Sentry: web, workers and consumers in both forms, relay in all, nginx, and messages of its topics. By the
 *   lines that begin events, for what stands behind a traceback's last frame may be anything
 * - `python`: any log of Python with tracebacks: these and their exceptions belong to the line before
 * - `java`: the same for Java
 */
export const LINE_PRESETS = {
  sentry: {
    start: `^(?:${[
      '\\d\\d:\\d\\d:\\d\\d \\[',
      '\\d{4}[-/]\\d\\d[-/]\\d\\d[T ]\\d\\d:\\d\\d',
      '\\{"',
      '\\[[\\w"]',
      '[\\w.:]+ - [^\\[]+ \\[\\d\\d/',
      // What the servers below web print.
      '\\*\\*\\* |WSGI app |spawned uWSGI |uwsgi |Starting granian',
    ].join('|')})`,
  },
  python: {
    continuation: `^(?:${[
      '\\s',
      '$',
      'Traceback \\(most recent call last\\):',
      'During handling of the above exception,',
      'The above exception was the direct cause ',
      // A class of a module, and the few of Python's own that are written small.
      '(?:[A-Za-z_]\\w*\\.)+[A-Z]\\w*(?:: |:?$)',
      '(?:zlib|struct|socket|select|curses|locale|dbm)\\.(?:error|gaierror|herror|timeout)(?:: |:?$)',
      '[A-Z]\\w*(?:Error|Exception|Warning|Group|Interrupt|Exit|Iteration|DoesNotExist|Timeout|NotFound)(?:: |:?$)',
    ].join('|')})`,
  },
  java: {
    continuation: `^(?:${[
      '\\s',
      '$',
      'Caused by: ',
      'Suppressed: ',
      '(?:[a-z_$][\\w$]*\\.)+[A-Z$][\\w$]*(?:Exception|Error|Throwable)(?:: |:?$)',
    ].join('|')})`,
  },
} as const satisfies Record<string, LinePreset>;

export type LinePresetName = keyof typeof LINE_PRESETS;

export const LINE_PRESET_NAMES = Object.keys(LINE_PRESETS) as readonly LinePresetName[];

/** The patterns of a preset. */
export function linePreset(name: LinePresetName | undefined): LinePreset | undefined {
  return name === undefined ? undefined : LINE_PRESETS[name];
}
