import assert from 'node:assert/strict';
import fc from 'fast-check';
import { endpointOf, plainPath, projectNumber } from '../../../src/sources/sentry/endpoints.ts';

const TUNNELS = new Set(['/tunnel', '/a/b']);
const at = (path: string) => endpointOf(path, TUNNELS);

describe('endpoints of the sentry source', () => {
  it('are found by their path alone, with slashes doubled or missing and anything before /api/', () => {
    const kinds = {
      envelope: 'envelope',
      store: 'store',
      security: 'security',
      'csp-report': 'security',
      nel: 'nel',
      minidump: 'minidump',
    };
    for (const [name, kind] of Object.entries(kinds)) {
      for (const path of [`/api/42/${name}/`, `/api/42/${name}`, `//api//42//${name}//`, `/prefix/x/api/42/${name}/`]) {
        assert.deepEqual(at(path), { kind, project: '42' }, path);
      }
    }
    assert.deepEqual(at('/api/store/'), { kind: 'store', project: undefined });
    assert.deepEqual(at('/api/store'), { kind: 'store', project: undefined });
    assert.deepEqual(at('//tunnel/'), { kind: 'tunnel', project: undefined });
    assert.deepEqual(at('/a/b'), { kind: 'tunnel', project: undefined });
    assert.deepEqual(at('/_health/'), { kind: 'health', project: undefined });
    assert.deepEqual(at('/api/0/relays/live/'), { kind: 'health', project: undefined });
  });

  it('are none elsewhere', () => {
    for (const path of [
      '',
      '/',
      '/api/42/',
      '/api/42/envelope/x',
      '/42/envelope/',
      '/envelope/',
      '/tunnel/x',
      '/x/tunnel',
      '/api/42/constructor/',
      '/api/42/__proto__/',
      '/api/envelope/',
      '*',
      '/'.repeat(20_000),
    ]) {
      assert.equal(at(path), undefined, path.slice(0, 50));
    }
  });

  it('take a number for a project and nothing that could climb out of a path', () => {
    for (const project of [
      '..',
      '.',
      '%2e%2e',
      '42a',
      '-1',
      '4 2',
      '0',
      '00',
      '1'.repeat(20),
      '٤٢',
      '%34%32',
      '42\0',
    ]) {
      assert.equal(at(`/api/${project}/envelope/`), 'invalid-project', project);
    }
    assert.deepEqual(at('/api/../envelope/../store/'), undefined);
    assert.deepEqual(at('/api/0042/envelope/'), { kind: 'envelope', project: '42' });
    assert.equal(projectNumber('9'.repeat(19)), '9'.repeat(19));
    fc.assert(
      fc.property(fc.string(), (text) => {
        const found = at(`/api/${text}/envelope/`);
        if (typeof found === 'object' && found.kind === 'envelope')
          assert.match(found.project ?? '', /^[1-9]\d{0,18}$/);
      }),
    );
  });

  it('compares the paths of tunnels without their slashes', () => {
    assert.equal(plainPath('tunnel//x/'), '/tunnel/x');
    assert.equal(plainPath('/'), '/');
  });
});
