import assert from 'node:assert/strict';
import { type Loaded, loadAgent } from '../../src/config/load.ts';
import { renderProblem } from '../../src/options/problem.ts';
import { fakeRegistry } from './fake-registry.ts';

const BASE = `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = exec
a.sources.r.channels = c
a.channels.c.type = memory
a.sinks.k.type = null
a.sinks.k.channel = c
a.configfilters = f
`;

async function load(text: string, env: Record<string, string> = { A: 'one', PATH: '/usr/bin:/bin' }): Promise<Loaded> {
  const request = { files: ['f'], agent: 'a', strict: false, env, systemProperties: new Map(), registry: fakeRegistry };
  return loadAgent({ ...request, readFile: async () => Buffer.from(BASE + text) });
}

const command = (loaded: Loaded): unknown => loaded.plan?.sources[0]?.options['command'];
const said = (loaded: Loaded): string[] => loaded.problems.map(renderProblem);

describe('config filters', () => {
  it('of type env read the environment; their values are not looked into again', async () => {
    const text = `a.configfilters.f.type = ENV\na.sources.r.command = \${f[A]} \${f['A']} \${f["A"]} \${f[B]}\n`;
    const loaded = await load(text, { A: "${env:B} ${f['B']}", B: 'two' });
    assert.equal(command(loaded), "${env:B} ${f['B']} ${env:B} ${f['B']} ${env:B} ${f['B']} two");
    assert.deepEqual(said(loaded), []);
  });

  it('of type external give the first line of a command, which gets the key as its last word', async () => {
    const text = 'a.configfilters.f.type = external\na.configfilters.f.command = printf %s-\\\\nsecond\n';
    const loaded = await load(`${text}a.sources.r.command = <\${f['key']}>\n`);
    assert.equal(command(loaded), '<key->');
  });

  it('leave what has no value as it is, with a warning', async () => {
    const text = `a.configfilters.f.type = env\na.sources.r.command = \${f['NO']} \${g['A']}\n`;
    const loaded = await load(text);
    assert.equal(command(loaded), "${f['NO']} ${g['A']}");
    assert.deepEqual(said(loaded), [
      "f:11:23: warning: property a.sources.r.command: ${f['NO']} has no value and stays as it is",
      "f:11:23: warning: property a.sources.r.command: ${g['A']} stays as it is: there is no config filter g",
    ]);
  });

  it('that fail say so without what the command printed', async () => {
    const text = 'a.configfilters.f.type = external\na.configfilters.f.command = sh -c "echo\\ secret"\n';
    for (const program of ['ls /does/not/exist', '/does/not/exist']) {
      const loaded = await load(
        text.replace('sh -c "echo\\ secret"', program).concat(`a.sources.r.command = \${f['key']}\n`),
      );
      assert.match(said(loaded).join('\n'), /^f:12:23: warning: .* config filter f failed: \S+ ended with (2|ENOENT)$/);
    }
  });

  it('that cannot be are errors', async () => {
    const command = 'a.sources.r.command = x\n';
    assert.deepEqual(said(await load(`a.configfilters.f.type = hadoop\n${command}`)), [
      "f:10:26: error: config filter f: Hadoop's credential stores cannot be read (use an env or external config filter)",
    ]);
    assert.deepEqual(said(await load(`a.configfilters.f.type = externl\n${command}`)), [
      'f:10:26: error: config filter f: there is no config filter type "externl" (did you mean external?)',
    ]);
    assert.deepEqual(said(await load(`a.configfilters.f.type = external\n${command}`)), [
      'f:10:26: error: config filter f: command is missing (add a.configfilters.f.command = …)',
    ]);
    assert.deepEqual(said(await load(command)), [
      'f:9:19: error: config filter f: has no type (add a.configfilters.f.type = env)',
    ]);
  });
});
