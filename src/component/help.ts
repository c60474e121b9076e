import { nearest } from '../options/nearest.ts';
import type { AnyOption, OptionTable } from '../options/option.ts';
import { type Declaration, findDeclaration, type Kind, type Registry } from './declaration.ts';
import { SOURCE_OPTIONS } from './source-options.ts';

/** The kinds in the order in which events meet them, and how a component of each is named in a configuration. */
const KINDS: Readonly<Record<Kind, { readonly title: string; readonly what: string; readonly prefix: string }>> = {
  source: { title: 'Sources', what: 'bring events in', prefix: 'agent.sources.r1.' },
  interceptor: {
    title: 'Interceptors',
    what: 'change or drop events on their way from a source',
    prefix: 'agent.sources.r1.interceptors.i1.',
  },
  selector: { title: 'Selectors', what: 'choose the channels of an event', prefix: 'agent.sources.r1.selector.' },
  channel: { title: 'Channels', what: 'keep events until a sink has delivered them', prefix: 'agent.channels.c1.' },
  processor: { title: 'Processors', what: 'choose the sink of a group', prefix: 'agent.sinkgroups.g1.processor.' },
  sink: { title: 'Sinks', what: 'deliver events', prefix: 'agent.sinks.k1.' },
  serializer: {
    title: 'Serializers',
    what: 'give events their form in a file',
    prefix: 'agent.sinks.k1.sink.serializer.',
  },
};

/** Options that all components of a kind have. */
const COMMON: Readonly<Partial<Record<Kind, OptionTable>>> = { source: SOURCE_OPTIONS };
/** The kinds that help has pages for. */
export const KIND_NAMES = Object.keys(KINDS) as Kind[];
/** Columns that help is wrapped at. */
const WIDTH = 100;

/** The text of a help page; `found` is false when it says that there is none. */
export interface Help {
  readonly found: boolean;
  readonly text: string;
}

/** `sluice help [KIND [TYPE]]`: all components, those of a kind, or one with its options. */
export function renderHelp(registry: Registry, kind?: string, type?: string): Help {
  if (kind === undefined) return { found: true, text: renderOverview(registry) };
  const known = KIND_NAMES.find((name) => name === kind.toLowerCase() || `${name}s` === kind.toLowerCase());
  if (known === undefined) {
    // `sluice help hdfs`: one word may be a type, too.
    const named = type === undefined ? KIND_NAMES.flatMap((one) => findDeclaration(registry, one, kind) ?? []) : [];
    if (named.length > 0) return { found: true, text: named.map(renderTypeHelp).join('\n') };
    const near = nearest(kind, [...KIND_NAMES, ...registry.components.map((one) => one.type)]);
    const hint = near === undefined ? `Known: ${KIND_NAMES.join(', ')}.` : `Did you mean ${near}?`;
    return { found: false, text: `There is no kind of component "${kind}". ${hint}\n` };
  }
  if (type === undefined) return { found: true, text: renderKindHelp(registry, known) };
  const declaration = findDeclaration(registry, known, type);
  if (declaration !== undefined) return { found: true, text: renderTypeHelp(declaration) };
  const types = ofKind(registry, known).map((one) => one.type);
  const near = nearest(type, types);
  const hint = near === undefined ? `Known: ${types.join(', ')}.` : `Did you mean ${near}?`;
  return { found: false, text: `There is no ${known} "${type}". ${hint}\n` };
}

function renderOverview(registry: Registry): string {
  const pages = KIND_NAMES.filter((kind) => ofKind(registry, kind).length > 0).map((kind) =>
    renderList(registry, kind),
  );
  const schemes = registry.fileSystems.flatMap((one) => one.schemes).map((scheme) => `${scheme}:`);
  const fileSystems = schemes.length === 0 ? '' : `File systems of paths: ${schemes.join(' ')}\n\n`;
  return `${pages.join('\n')}\n${fileSystems}The options of one: sluice help KIND TYPE, for instance: sluice help channel memory\n`;
}

/** The components of a kind, each with its sentence. */
export function renderKindHelp(registry: Registry, kind: Kind): string {
  const common = optionLines(COMMON[kind] ?? {});
  const shared = common.length === 0 ? '' : `\nOptions of every ${kind}:\n${common.join('\n')}\n`;
  return `${renderList(registry, kind)}${shared}\nThe options of one: sluice help ${kind} TYPE\n`;
}

function renderList(registry: Registry, kind: Kind): string {
  const { title, what } = KINDS[kind];
  const types = ofKind(registry, kind);
  const width = Math.max(0, ...types.map((one) => one.type.length));
  const lines = types.flatMap((one) => hang(`  ${one.type.padEnd(width)}  `, one.summary));
  return `${title} ${what}\n${lines.join('\n')}\n`;
}

/** A component with its options, required ones first, and an example. */
export function renderTypeHelp(declaration: Declaration): string {
  const lines: string[] = [`${declaration.kind} ${declaration.type}`, '', ...hang('  ', declaration.summary)];
  if (declaration.classNames.length > 0)
    lines.push('', 'Also as:', ...declaration.classNames.map((name) => `  ${name}`));
  const own = optionLines(declaration.options);
  if (own.length > 0) lines.push('', 'Options:', ...own);
  const common = optionLines(COMMON[declaration.kind] ?? {});
  if (common.length > 0) lines.push('', `Options of every ${declaration.kind}:`, ...common);
  lines.push('', 'Example:', ...exampleLines(declaration).map((line) => `  ${line}`));
  return `${lines.join('\n')}\n`;
}

function optionLines(options: OptionTable): string[] {
  const rows = Object.entries(options).sort(([, a], [, b]) => Number(b.required) - Number(a.required));
  const width = Math.min(36, Math.max(0, ...rows.map(([name, option]) => optionName(name, option).length)));
  const lines: string[] = [];
  for (const [name, option] of rows) {
    const label = optionName(name, option);
    if (label.length > width) lines.push(`  ${label}`);
    lines.push(...hang(`  ${(label.length > width ? '' : label).padEnd(width)}  `, sentence(option)));
  }
  return lines;
}

/** All of it as one page of Markdown: `conf/REFERENCE.md`. */
export function renderReference(registry: Registry): string {
  const parts = [
    '# Reference of components and options',
    '',
    'Generated from the declarations by `node scripts/reference.ts`; do not edit. Names and defaults are those of Apache Flume 1.11',
    'unless marked *(Sluice)*. The same text in a terminal: `sluice help KIND TYPE`.',
    '',
  ];
  for (const kind of KIND_NAMES) {
    const types = ofKind(registry, kind);
    if (types.length === 0) continue;
    const { title, what } = KINDS[kind];
    parts.push(
      `- [${title}](#${title.toLowerCase()}) ${what}: ${types.map((one) => `[${one.type}](#${anchor(one)})`).join(', ')}`,
    );
  }
  for (const kind of KIND_NAMES) {
    const types = ofKind(registry, kind);
    if (types.length === 0) continue;
    parts.push('', `## ${KINDS[kind].title}`);
    const common = optionRows(COMMON[kind] ?? {});
    if (common.length > 0) parts.push('', `### Every ${kind}`, ...common);
    for (const declaration of types) parts.push('', ...typeSection(declaration));
  }
  const schemes = registry.fileSystems.flatMap((one) => one.schemes);
  if (schemes.length > 0) {
    parts.push(
      '',
      '## File systems',
      '',
      `Paths may begin with ${schemes.map((scheme) => `\`${scheme}:\``).join(', ')}.`,
    );
  }
  return `${parts.join('\n')}\n`;
}

function typeSection(declaration: Declaration): string[] {
  const lines = [`### ${declaration.kind} ${declaration.type}`, '', declaration.summary];
  if (declaration.classNames.length > 0) {
    lines.push('', `Also as ${declaration.classNames.map((name) => `\`${name}\``).join(', ')}.`);
  }
  return [...lines, ...optionRows(declaration.options), '', '```properties', ...exampleLines(declaration), '```'];
}

function optionRows(options: OptionTable): string[] {
  const rows = Object.entries(options);
  const lines = rows.length > 0 ? ['', '| option | kind | default | what |', '|---|---|---|---|'] : [];
  for (const [name, option] of rows) {
    const cells = [`\`${optionName(name, option)}\``, kindOf(option), defaultOf(option), describe(option)];
    lines.push(`| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`);
  }
  return lines;
}

function ofKind(registry: Registry, kind: Kind): Declaration[] {
  return registry.components.filter((one) => one.kind === kind);
}

function anchor(declaration: Declaration): string {
  return `${declaration.kind}-${declaration.type}`.toLowerCase();
}

function optionName(name: string, option: AnyOption): string {
  return option.shape === 'entries' ? name.replace(/\*$/, `<${option.of}>`) : name;
}

function kindOf(option: AnyOption): string {
  switch (option.shape) {
    case 'entries':
      return 'text each';
    case 'nested':
      return option.component;
    case 'scalar':
      return option.unit === undefined ? option.kind : `${option.kind}, ${option.unit}`;
  }
}

function defaultOf(option: AnyOption): string {
  if (option.required) return '**required**';
  if (option.shape === 'nested') return `\`${option.defaultType}\``;
  const text = defaultText(option);
  return text === undefined ? '' : `\`${text}\``;
}

function defaultText(option: AnyOption): string | undefined {
  if (option.shape === 'nested') return option.defaultType;
  if (option.shape === 'entries' || option.default === undefined) return undefined;
  const value = option.default;
  const text = Array.isArray(value) ? value.join(' ') : String(value);
  return text === '' ? undefined : escapeControls(text);
}

/** A default may be a line end or another control character: shown as it would be written. */
function escapeControls(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r')
    .replace(/[\0-\x1f]/g, (control) => `\\\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function describe(option: AnyOption): string {
  const parts = [option.doc.trim()];
  if (option.range !== undefined && !(option.shape === 'scalar' && option.kind === 'boolean')) {
    parts.push(`(${option.range})`);
  }
  if (option.formerly !== undefined && option.formerly.length > 0)
    parts.push(`Formerly ${option.formerly.join(', ')}.`);
  if (option.ours) parts.push('*(Sluice)*');
  return parts.join(' ');
}

/** An option in words, for the terminal. */
function sentence(option: AnyOption): string {
  const preset = option.required ? 'required' : defaultText(option);
  const unit = option.unit === undefined ? '' : ` ${option.unit}`;
  const note = preset === undefined ? '' : option.required ? ' [required]' : ` [${preset}${unit}]`;
  return `${describe(option).replaceAll('*', '')}${note}`;
}

/** The keys that a component needs at least, with something to put in. */
function exampleLines(declaration: Declaration): string[] {
  const { prefix } = KINDS[declaration.kind];
  const lines: string[] = [];
  switch (declaration.kind) {
    case 'source':
      lines.push('agent.sources = r1', `${prefix}type = ${declaration.type}`, `${prefix}channels = c1`);
      break;
    case 'channel':
      lines.push('agent.channels = c1', `${prefix}type = ${declaration.type}`);
      break;
    case 'sink':
      lines.push('agent.sinks = k1', `${prefix}type = ${declaration.type}`, `${prefix}channel = c1`);
      break;
    case 'interceptor':
      lines.push('agent.sources.r1.interceptors = i1', `${prefix}type = ${declaration.type}`);
      break;
    case 'processor':
      lines.push('agent.sinkgroups = g1', 'agent.sinkgroups.g1.sinks = k1 k2', `${prefix}type = ${declaration.type}`);
      break;
    case 'selector':
      lines.push(`${prefix}type = ${declaration.type}`);
      break;
    case 'serializer':
      lines.push(`${prefix.slice(0, -1)} = ${declaration.type}`);
      break;
  }
  const rows = Object.entries(declaration.options);
  const shown = rows.filter(([, option]) => option.required);
  const optional = rows.find(
    ([, option]) => !option.required && option.shape === 'scalar' && defaultText(option) !== undefined,
  );
  if (shown.length === 0 && optional !== undefined) shown.push(optional);
  for (const [name, option] of shown)
    lines.push(`${prefix}${name.replace(/\*$/, 'g1')} = ${exampleValue(name, option)}`);
  return lines;
}

function exampleValue(name: string, option: AnyOption): string {
  const preset = defaultText(option);
  if (preset !== undefined) return preset;
  const word = name.toLowerCase();
  if (word.endsWith('port')) return '4141';
  if (/(^|\.)(bind|host|hostname)$/.test(word)) return '0.0.0.0';
  if (word.includes('command')) return 'tail -F /var/log/app.log';
  if (word.startsWith('filegroups.')) return '/var/log/app/.*\\\\.log';
  if (/(path|dir|directory)$/.test(word)) return '/var/lib/lake';
  if (option.shape === 'scalar' && option.kind === 'integer') return '1';
  return option.shape === 'scalar' && option.kind === 'words' ? 'g1' : '…';
}

/** Text behind a label, wrapped and indented under itself. */
function hang(label: string, text: string): string[] {
  const lines: string[] = [];
  let line = label;
  let empty = true;
  for (const word of text.split(/\s+/)) {
    if (!empty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = ' '.repeat(label.length);
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}
