import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Logger } from '../../src/component/context.ts';
import { loadHadoopConfiguration } from '../../src/config/hadoop-conf.ts';
import { readXmlProperties, XmlError } from '../../src/config/xml-properties.ts';
import { SluiceError } from '../../src/errors.ts';
import { makeTempDir, removeTempDir } from '../support/temp-dir.ts';

const site = (body: string): string => `<?xml version="1.0"?>\n<configuration>\n${body}</configuration>\n`;
const property = (name: string, value: string, final = false): string =>
  `<property><name>${name}</name><value>${value}</value>${final ? '<final>true</final>' : ''}</property>\n`;

describe("Hadoop's configuration", () => {
  let dir: string;
  let said: string[];
  const log: Logger = {
    error: (message) => said.push(`error ${message}`),
    warn: (message) => said.push(`warn ${message}`),
    info: () => {},
    debug: () => {},
    isDebug: false,
  };
  beforeEach(() => {
    dir = makeTempDir();
    said = [];
  });
  afterEach(() => removeTempDir(dir));

  const core = (text: string): void => writeFileSync(join(dir, 'core-site.xml'), text);
  const hdfs = (text: string): void => writeFileSync(join(dir, 'hdfs-site.xml'), text);
  const load = (...folders: (string | undefined)[]): Record<string, string> =>
    Object.fromEntries(loadHadoopConfiguration(folders.length === 0 ? [dir] : folders, log));

  it('is empty where there is none', () => {
    assert.deepEqual(load(undefined, '', '/does/not/exist', dir), {});
  });

  it('is core-site.xml and then hdfs-site.xml, with comments, CDATA, entities, attributes and other elements', () => {
    core(
      site(
        `<!-- <property> -->${property('fs.defaultFS', 'hdfs://one:8020')}<property>
          <description>of <b>no</b> use</description><name> a </name>
          <value><![CDATA[<x>]]>&amp;&#x41;&#66;</value>
        </property>`,
      ),
    );
    hdfs(site('<property name="b" value="1 &lt; 2"/><property><name>no value</name></property>'));
    assert.deepEqual(load(), { 'fs.defaultFS': 'hdfs://one:8020', a: '<x>&AB', b: '1 < 2' });
  });

  it('keeps what is final, knows older names, and fills in variables', () => {
    core(site(property('fs.default.name', 'hdfs://${host}:8020', true) + property('host', '${short}.example')));
    hdfs(site(property('fs.defaultFS', 'file:///') + property('short', 'nn') + property('loop', '${loop}')));
    const found = load();
    assert.equal(found['fs.defaultFS'], 'hdfs://nn.example:8020');
    assert.equal(found['loop'], '${loop}');
    assert.match(said.join(), /warn .*hdfs-site\.xml: fs\.defaultFS is final and stays as it was/);
  });

  it('comes from the first folder that has the file', () => {
    const other = join(dir, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'core-site.xml'), site(property('a', 'other')));
    core(site(property('a', 'first')));
    assert.deepEqual(load(other, dir), { a: 'other' });
    assert.deepEqual(load(dir, other), { a: 'first' });
  });

  it('says that an include is not followed', () => {
    core(site('<xi:include href="more.xml"/>'));
    assert.deepEqual(load(), {});
    assert.match(said.join(), /warn .*<xi:include> is not followed/);
  });

  it('is an error when it cannot be read, rather than another file system', () => {
    const refused = (text: string, message: RegExp): void => {
      core(text);
      assert.throws(
        () => load(),
        (error) => error instanceof SluiceError && error.code === 'CONFIG_INVALID' && message.test(error.message),
      );
    };
    refused('not XML', /core-site\.xml:1: there is no <configuration>/);
    refused('<html></html>', /core-site\.xml:1: <html> where <configuration> begins the file/);
    refused('<configuration>\n<property>\n</configuration>', /core-site\.xml:3: <\/configuration> where <\/property>/);
    refused('<configuration><property>', /<property> is not closed/);
    refused(site('&copy;'), /core-site\.xml:2: the entity &copy; is not known/);
    refused('<!DOCTYPE x [<!ENTITY a "b">]><configuration/>', /core-site\.xml:1: this is no XML/);
    refused('', /there is no <configuration>/);
    mkdirSync(join(dir, 'x/core-site.xml'), { recursive: true });
    assert.throws(() => load(join(dir, 'x')), /it is no file/);
    core(' '.repeat((4 << 20) + 1));
    assert.throws(() => load(), /at most 4194304 are read/);
  });

  it('throws nothing but what says the line, whatever the text', () => {
    const part = fc.constantFrom(
      '<',
      '>',
      '/',
      'configuration',
      'property',
      'name',
      ' ',
      '="',
      '"',
      '&',
      '<!--',
      '-->',
      '&amp;',
      '<name>',
      '</name>',
      '<configuration>',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        try {
          readXmlProperties(parts.join(''));
        } catch (error) {
          assert.ok(error instanceof XmlError && error.line >= 1, String(error));
        }
      }),
    );
  });
});
