import type { Report } from '../options/bind.ts';
import { javaRegexProblem } from '../options/java-regex.ts';
import { choice, integer, type OptionValues, text } from '../options/option.ts';
import type { LineOptions } from './file-shape.ts';
import { LINE_PRESET_NAMES, linePreset } from './line-presets.ts';

/** The options of a source that joins lines to events. */
export const multilineOptions = {
  multiline: choice(LINE_PRESET_NAMES, {
    ours: true,
    doc: 'Events of several lines, by patterns that are known. sentry: the logs of a self-hosted Sentry (web, workers, relay, nginx), each with its tracebacks; python, java: any log whose stack traces belong to the line before. Other patterns: multiline.start, multiline.continuation.',
  }),
  'multiline.start': text({
    check: javaRegexProblem,
    ours: true,
    doc: 'Events of several lines: a line in whose first 512 bytes this regular expression of Java is found begins one, all others belong to the one before. Example: ^\\\\d{4}-',
  }),
  'multiline.continuation': text({
    check: javaRegexProblem,
    ours: true,
    doc: 'Events of several lines: a line in which this is found belongs to the event before. With multiline.start as well a line must be no start. Example: ^(\\\\s|Caused by:)',
  }),
  'multiline.timeout': integer({
    default: 3000,
    min: 1,
    unit: 'ms',
    ours: true,
    doc: 'An event whose next line (or piece of a line) does not come for so long is handed on; what comes then begins another one.',
  }),
  'multiline.maxLines': integer({
    default: 1000,
    min: 1,
    ours: true,
    doc: 'The most lines of an event; the next one begins another event. The most bytes are maxLineLength.',
  }),
};

type MultilineValues = OptionValues<typeof multilineOptions>;

/** The rules between them. */
export function checkMultiline(values: MultilineValues, report: Report): void {
  for (const name of ['multiline.start', 'multiline.continuation'] as const) {
    if (values.multiline !== undefined && values[name] !== undefined)
      report('error', name, `multiline = ${values.multiline} has patterns of its own`, 'leave one of the two out');
  }
}

/** How lines are joined by these values. */
export function joiningOf(
  values: MultilineValues,
): Pick<LineOptions, 'start' | 'continuation' | 'maxLines' | 'timeout'> {
  const preset = linePreset(values.multiline);
  return {
    start: preset?.start ?? values['multiline.start'],
    continuation: preset?.continuation ?? values['multiline.continuation'],
    maxLines: values['multiline.maxLines'],
    timeout: values['multiline.timeout'],
  };
}
