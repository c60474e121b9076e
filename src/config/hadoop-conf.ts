import { readFileSync, statSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../component/context.ts';
import { SluiceError } from '../errors.ts';
import { readXmlProperties, XmlError, type XmlProperty } from './xml-properties.ts';

const FILES = ['core-site.xml', 'hdfs-site.xml'];
const MAX_BYTES = 4 << 20;
/** As in Hadoop: variables of variables. */
const MAX_EXPANSIONS = 20;
const MAX_VALUE = 1 << 16;
/** Names of Hadoop 1 that are still about. */
const FORMER_NAMES: Readonly<Record<string, string>> = {
  'fs.default.name': 'fs.defaultFS',
  'dfs.http.address': 'dfs.namenode.http-address',
  'dfs.https.address': 'dfs.namenode.https-address',
};

/**
 * Hadoop's configuration as a flat table: `core-site.xml` and then `hdfs-site.xml`, each from the first folder that has it. What is marked
 * `<final>` in the first is not changed by the second; `${name}` in a value is another property of them.
 *
 * @param folders the value of HADOOP_CONF_DIR, the argument of `-c`; those left out are passed over
 * @returns an empty table when there is no such file
 * @throws SluiceError CONFIG_UNREADABLE, CONFIG_INVALID: rather than write to the local disk what was meant for HDFS
 */
export function loadHadoopConfiguration(
  folders: readonly (string | undefined)[],
  log: Logger,
): ReadonlyMap<string, string> {
  const given = folders.filter((folder): folder is string => folder !== undefined && folder !== '');
  const found = new Map<string, XmlProperty>();
  for (const file of FILES) {
    for (const folder of given) {
      const path = join(folder, file);
      const text = readText(path);
      if (text === undefined) continue;
      log.info(`Hadoop's configuration is read from ${path}`);
      merge(parse(text, path, log), found, path, log);
      break;
    }
  }
  return new Map([...found.keys()].map((name) => [name, expand(name, found)]));
}

function readText(path: string): string | undefined {
  try {
    const status = statSync(path, { throwIfNoEntry: false });
    if (status === undefined) return undefined;
    if (!status.isFile()) throw new SluiceError('CONFIG_UNREADABLE', `${path}: it is no file`);
    if (status.size > MAX_BYTES) {
      throw new SluiceError('CONFIG_UNREADABLE', `${path} has ${status.size} bytes; at most ${MAX_BYTES} are read`);
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw new SluiceError('CONFIG_UNREADABLE', path, error);
  }
}

function parse(text: string, path: string, log: Logger): XmlProperty[] {
  try {
    const { properties, includes } = readXmlProperties(text);
    if (includes) log.warn(`${path}: <xi:include> is not followed; put the properties into the file itself`);
    return properties;
  } catch (error) {
    if (error instanceof XmlError) throw new SluiceError('CONFIG_INVALID', `${path}:${error.line}: ${error.message}`);
    throw error;
  }
}

function merge(properties: readonly XmlProperty[], found: Map<string, XmlProperty>, path: string, log: Logger): void {
  for (const property of properties) {
    const name = FORMER_NAMES[property.name] ?? property.name;
    const earlier = found.get(name);
    if (earlier?.final) {
      if (earlier.value !== property.value) log.warn(`${path}: ${name} is final and stays as it was`);
      continue;
    }
    found.set(name, property);
  }
}

function expand(name: string, found: ReadonlyMap<string, XmlProperty>): string {
  let value = found.get(name)?.value ?? '';
  for (let i = 0; i < MAX_EXPANSIONS; i++) {
    const match = /\$\{([^{}$\s]+)\}/.exec(value);
    if (match === null) return value;
    const inner = standard(match[1]!) ?? found.get(match[1]!)?.value;
    if (inner === undefined || match[1] === name || value.length + inner.length > MAX_VALUE) return value;
    value = value.slice(0, match.index) + inner + value.slice(match.index + match[0].length);
  }
  return value;
}

function standard(name: string): string | undefined {
  switch (name) {
    case 'user.name':
      return userInfo().username;
    case 'user.home':
      return homedir();
    case 'java.io.tmpdir':
      return tmpdir();
    default:
      return undefined;
  }
}
