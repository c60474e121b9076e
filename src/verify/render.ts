import type { ChannelReport, CheckpointFileReport, InputReport, OutputReport, Report } from './report.ts';

/** So many files of a component are shown; all of them with `--json`. */
const MAX_SHOWN = 30;

/** A report in plain words. */
export function renderReport(report: Report): string {
  const blocks = [renderHead(report), ...renderInputs(report.inputs), ...renderOutputs(report.outputs)];
  blocks.push(...report.channels.map(renderChannel));
  if (report.others.length > 0)
    blocks.push([`Nothing of files or queues in the parts of ${report.others.map(named).join(', ')}`]);
  if (report.notes.length > 0) blocks.push([...report.notes]);
  const { problems } = report;
  if (problems.length === 0) blocks.push(['All of it is sound.']);
  else {
    const wants = problems.length === 1 ? 'One thing wants' : `${problems.length} things want`;
    blocks.push([`${wants} looking after:`, ...problems.map((problem) => `- ${problem}`)]);
  }
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function renderHead({ stateDir, agent, holder, checkpoint, checkpointFiles }: Report): string[] {
  const lines = [`State${agent === undefined ? '' : ` of agent ${agent}`} in ${stateDir}`];
  if (holder === undefined) lines.push('Held by nobody: no agent runs with it, the last one ended in good order');
  else if (holder.alive) lines.push(`Held by ${holder.name}, process ${holder.pid}, since ${holder.since}`);
  else {
    lines.push(
      `Held by nobody: ${holder.name}, process ${holder.pid}, which held it since ${holder.since}, is gone and was killed (or runs in another container)`,
    );
  }
  if (checkpoint === undefined) lines.push('No checkpoint');
  else
    lines.push(`Checkpoint ${checkpoint.sequence}, written ${age(checkpoint.ageMs)} ago, in ${checkpoint.path}: sound`);
  for (const file of checkpointFiles) {
    if (file.path !== checkpoint?.path)
      lines.push(`${checkpoint === undefined ? '' : 'The other one, '}${file.path}: ${stateOf(file)}`);
  }
  return lines;
}

function stateOf({ state, sequence, reason }: CheckpointFileReport): string {
  if (state === 'sound') return `sound, number ${sequence}`;
  return reason ?? 'not there';
}

function renderInputs(inputs: readonly InputReport[]): string[][] {
  return grouped(inputs).map(([component, files]) => {
    const left = sum(files.map((file) => file.left));
    const lines = [
      `${named(component)}: ${counted(files.length, 'file')}, ${left === 0 ? 'all delivered' : `${amount(left)} to go`}`,
    ];
    const told = files.filter((file) => file.left > 0 || file.note !== undefined);
    const shown = files.length <= MAX_SHOWN ? files : told.slice(0, MAX_SHOWN);
    for (const file of shown) lines.push(`  ${renderInput(file)}`);
    if (shown.length < told.length)
      lines.push(`  … and ${told.length - shown.length} more with something to go (--json lists all)`);
    if (files.length > MAX_SHOWN) lines.push(`  ${counted(files.length - told.length, 'file')} delivered to the end`);
    return lines;
  });
}

function renderInput({ path, position, size, left, ahead, renamedTo, note }: InputReport): string {
  const parts = [size === undefined ? `at byte ${number(position)}` : `at byte ${number(position)} of ${number(size)}`];
  if (left > 0) parts.push(`${amount(left)} to go`);
  if (ahead > 0) parts.push(`up to ${amount(ahead)} of it durable on some ways already`);
  if (renamedTo !== undefined) parts.push(`renamed to ${renamedTo}`);
  if (note !== undefined) parts.push(note);
  return `${path}: ${parts.join(', ')}`;
}

function renderOutputs(outputs: readonly OutputReport[]): string[][] {
  return grouped(outputs).map(([component, files]) => {
    const lines = [`${named(component)}: ${counted(files.length, 'unfinished file')}`];
    for (const { fileSystem, path, durable, events, next } of files.slice(0, MAX_SHOWN)) {
      const place = fileSystem.startsWith('file:') ? path : `${fileSystem.replace(/\/$/, '')}${path}`;
      lines.push(`  ${place}: ${amount(durable)} durable (${counted(events, 'event')}); ${next}`);
    }
    if (files.length > MAX_SHOWN) lines.push(`  … and ${files.length - MAX_SHOWN} more (--json lists all)`);
    return lines;
  });
}

function renderChannel({
  component,
  directories,
  queued,
  segments,
  bytes,
  torn,
  damaged,
  notes,
}: ChannelReport): string[] {
  const size = segments === undefined ? '' : ` in ${counted(segments, 'segment')}, ${amount(bytes ?? 0)} on disk`;
  const lines = [`${named(component)}: ${counted(queued, 'event')} queued${size}`];
  for (const path of torn ?? []) lines.push(`  ${path}: its last write was not finished, a start cuts it off`);
  for (const path of damaged ?? []) lines.push(`  ${path}: has damaged records`);
  lines.push(...notes.map((note) => `  ${note}`), ...directories.map((dir) => `  in ${dir}`));
  return lines;
}

function grouped<T extends { readonly component: string }>(rows: readonly T[]): [string, T[]][] {
  return [...Map.groupBy(rows, ({ component }) => component)];
}

/** `source.r1` as people say it. */
function named(component: string): string {
  return component.replace('.', ' ');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function amount(bytes: number): string {
  return counted(bytes, 'byte');
}

function counted(value: number, what: string): string {
  return `${number(value)} ${what}${value === 1 ? '' : 's'}`;
}

function age(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
