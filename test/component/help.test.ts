import assert from 'node:assert/strict';
import { KIND_NAMES, renderHelp, renderReference } from '../../src/component/help.ts';
import { registry } from '../../src/registry.ts';
import { fakeRegistry } from '../config/fake-registry.ts';

const everySource = /Options of every source:\n([\s\S]*?)\n\n/.exec(renderHelp(fakeRegistry, 'source').text)?.[1] ?? '';

describe('help', () => {
  it('lists every component by kind', () => {
    const { found, text } = renderHelp(fakeRegistry);
    assert.ok(found);
    assert.match(text, /^Sources bring events in\n {2}seq +Counts\.\n {2}exec +Runs a command\.$/m);
    for (const { type } of fakeRegistry.components) assert.ok(text.includes(`  ${type} `), type);
  });

  it('lists the components of a kind, also in the plural', () => {
    const { text } = renderHelp(fakeRegistry, 'sink');
    assert.deepEqual(renderHelp(fakeRegistry, 'Sinks'), { found: true, text });
    assert.match(text, /^Sinks deliver events\n {2}null {7}Throws away\.\n {2}file_roll {2}Writes files\.$/m);
  });

  it('explains the options that every source has, with each of them and with all', () => {
    assert.match(everySource, /^ {2}sequenceHeaders {2}Adds the headers sluice\.agent/);
    for (const text of [renderHelp(fakeRegistry, 'source').text, renderHelp(fakeRegistry, 'source', 'seq').text])
      assert.ok(text.includes(`\nOptions of every source:\n${everySource}\n`));
    assert.ok(renderReference(fakeRegistry).includes('### Every source\n\n| option |'));
  });

  it('explains a component: options with defaults and units, required ones first, and an example', () => {
    assert.equal(
      renderHelp(fakeRegistry, 'source', 'taildir').text,
      `source TAILDIR

  Tails files.

Also as:
  org.apache.flume.source.taildir.TaildirSource

Options:
  filegroups          Groups. [required]
  filegroups.<group>  Files. [required]
  positionFile        Positions.

Options of every source:
${everySource}

Example:
  agent.sources = r1
  agent.sources.r1.type = TAILDIR
  agent.sources.r1.channels = c1
  agent.sources.r1.filegroups = g1
  agent.sources.r1.filegroups.g1 = /var/log/app/.*\\\\.log
`,
    );
    assert.match(renderHelp(fakeRegistry, 'channel', 'memory').text, /^ {2}keep-alive +Wait\. \[3 s\]$/m);
  });

  it('finds a component by its type alone', () => {
    assert.equal(renderHelp(fakeRegistry, 'hdfs').text, renderHelp(fakeRegistry, 'sink', 'hdfs').text);
  });

  it('has the nearest word for what is not there', () => {
    assert.deepEqual(renderHelp(fakeRegistry, 'sink', 'hfds'), {
      found: false,
      text: 'There is no sink "hfds". Did you mean hdfs?\n',
    });
    assert.deepEqual(renderHelp(fakeRegistry, 'chanel'), {
      found: false,
      text: 'There is no kind of component "chanel". Did you mean channel?\n',
    });
  });

  it('fits into 100 columns and says something of every option', () => {
    for (const declaration of registry.components) {
      const { text } = renderHelp(registry, declaration.kind, declaration.type);
      for (const line of text.split('\n')) {
        // A single word may be longer than the line.
        assert.ok(line.length <= 100 || /^\s*\S*\s*\S+$/.test(line), line);
      }
      assert.ok(declaration.summary.length > 10, declaration.type);
      for (const [name, option] of Object.entries(declaration.options)) {
        assert.ok(option.doc.length >= 5, `${declaration.type} ${name}`);
      }
    }
  });

  it('knows every kind that is registered', () => {
    for (const { kind } of registry.components) assert.ok(KIND_NAMES.includes(kind), kind);
  });
});

describe('the reference', () => {
  it('has a row for every option, with bars escaped', () => {
    const page = renderReference(registry);
    for (const declaration of registry.components) {
      assert.ok(page.includes(`### ${declaration.kind} ${declaration.type}\n`));
      for (const [name, option] of Object.entries(declaration.options)) {
        assert.ok(
          page.includes(`| \`${option.shape === 'entries' ? name.replace('*', `<${option.of}>`) : name}\` |`),
          name,
        );
      }
    }
    for (const line of page.split('\n')) {
      if (line.startsWith('|')) assert.equal(line.match(/(?<!\\)\|/g)?.length, 5, line);
    }
  });
});
