import assert from 'node:assert/strict';
import { group } from '../../../src/sentry/grouping/index.ts';
import type { Fields } from '../../../src/sentry/payload.ts';

/** The inputs that frames give, the type of the exception left out. */
function inputsOf(platform: string, ...frames: Fields[]): readonly string[] {
  const { inputs } = group({ platform, exception: { values: [{ type: 'E', stacktrace: { frames } }] } });
  assert.equal(inputs[0], 'E');
  return inputs.slice(1);
}

/** What one frame of the application says. */
function frame(platform: string, fields: Fields): readonly string[] {
  return inputsOf(platform, { in_app: true, ...fields });
}

describe('frames', () => {
  it('say their module, else the last part of their file in lower case', () => {
    assert.deepEqual(frame('python', { module: 'app.views', filename: 'app/views.py', function: 'f' }), [
      'app.views',
      'f',
    ]);
    assert.deepEqual(frame('python', { filename: 'app/Views.PY', function: 'f' }), ['views.py', 'f']);
    assert.deepEqual(frame('other', { filename: 'D:\\a\\Order.CS', function: 'f' }), ['order.cs', 'f']);
    assert.deepEqual(frame('go', { abs_path: '/build/Main.go', function: 'f' }), ['main.go', 'f']);
    assert.deepEqual(frame('python', { filename: '<anonymous>', function: 'f' }), ['f']);
    assert.deepEqual(frame('python', { filename: '[native code]', function: 'f' }), ['f']);
  });

  it('say no file that is an address, wherever the address stands', () => {
    for (const url of ['https://a.example/x.js', 'blob:https://a.example/1', 'applewebdata://x/y']) {
      assert.deepEqual(frame('javascript', { filename: url, function: 'f' }), ['f'], url);
      assert.deepEqual(frame('javascript', { filename: '/x.js', abs_path: url, function: 'f' }), ['f'], url);
    }
    assert.deepEqual(frame('javascript', { filename: 'file:///app/x.js', function: 'f' }), ['x.js', 'f']);
  });

  it('of JavaScript say the last part of a function that has a name', () => {
    const name = (name: string): readonly string[] => frame('javascript', { filename: 'x.js', function: name });
    assert.deepEqual(name('Object.a.onClick'), ['x.js', 'onClick']);
    for (const nameless of ['?', '<anonymous>', 'Anonymous function', 'foo/<', 'Foo.<anonymous>']) {
      assert.deepEqual(name(nameless), ['x.js'], nameless);
    }
    assert.deepEqual(name('eval'), []);
    assert.deepEqual(frame('node', { function: 'forEach', abs_path: '[native code]' }), []);
    assert.deepEqual(frame('node', { function: 'forEach', filename: '<anonymous>' }), []);
    assert.deepEqual(frame('javascript', { module: 'lib/x', abs_path: 'https://a.example/lib/x', function: 'f' }), [
      'f',
    ]);
    assert.deepEqual(frame('javascript', { module: 'lib/x', abs_path: 'https://a.example/y', function: 'f' }), [
      'lib/x',
      'f',
    ]);
  });

  it('with a source map and a line of code say no function', () => {
    const mapped = { filename: 'x.js', function: 'f', context_line: 'go();', data: { sourcemap: 'x.js.map' } };
    assert.deepEqual(frame('javascript', mapped), ['x.js', 'go();']);
    assert.deepEqual(frame('javascript', { ...mapped, context_line: null }), ['x.js', 'f']);
  });

  it('of Java say no names that are made up at run time', () => {
    const module = (module: string): string | undefined => frame('java', { module, function: 'lambda$x$0' })[0];
    const cases: readonly [string, string | undefined][] = [
      ['com.a.B', 'com.a.B'],
      ['com.a.B$Inner', 'com.a.B$Inner'],
      ['com.a.B$$EnhancerBySpringCGLIB$$1a2b3c4d', 'com.a.B$$EnhancerBySpringCGLIB$$<auto>'],
      ['com.a.B$$FastClassBySpringCGLIB$$1a2b_12', 'com.a.B$$FastClassBySpringCGLIB$$<auto>'],
      ['com.a.B$$SpringCGLIB$$0', 'com.a.B$$SpringCGLIB$$<auto>'],
      ['com.a.B$$EnhancerByGuice$$9f', 'com.a.B$$EnhancerByGuice$$<auto>'],
      ['com.a.B_$$_javassist_seam_74', 'com.a.B_$$_javassist<auto>'],
      ['com.a.B$HibernateProxy$oRWxjAWT', 'com.a.B$HibernateProxy$<auto>'],
      ['app.core$fn__12345', 'app.core$fn__<auto>'],
      ['sun.reflect.GeneratedMethodAccessor789', 'sun.reflect.GeneratedMethodAccessor'],
      ['com.a.B$$Lambda$14', undefined],
      ['com.a.B$$Lambda/0x00007f', undefined],
    ];
    for (const [given, expected] of cases) {
      const said = given.startsWith('sun.')
        ? inputsOf('java', { module: given, function: 'lambda$x$0' })[0]
        : module(given);
      assert.equal(said, expected, given);
    }
    const accessor = 'sun.reflect.GeneratedConstructorAccessor';
    assert.deepEqual(inputsOf('java', { module: `${accessor}45` }), [`${accessor}<auto>`]);
  });

  it('of Ruby, PHP and C# say what a function is called by people', () => {
    assert.deepEqual(frame('ruby', { function: 'block in go' }), ['block']);
    assert.deepEqual(frame('ruby', { function: '_app_erb__1234_5678' }), ['_app_erb']);
    assert.deepEqual(frame('php', { function: 'class@anonymous\u0000/x.php::run' }), ['run']);
    assert.deepEqual(frame('php', { function: 'class@anonymous\u0000/x.php' }), []);
    assert.deepEqual(frame('php', { function: '[Anonymous function]' }), []);
    assert.deepEqual(frame('csharp', { function: 'Get', raw_function: 'Get(int)' }), ['Get(int)']);
    assert.deepEqual(frame('csharp', { function: 'A:Get (int x)' }), ['A:Get']);
  });

  it('of native code say the bare name of a function', () => {
    const cases: readonly [string, string][] = [
      ['main', 'main'],
      ['int main(int, char**)', 'main'],
      ['std::vector<int, std::allocator<int>>& app::Cart<T>::items(unsigned long) const', 'app::Cart::items'],
      ['void (anonymous namespace)::go<X>(X&&)', '(anonymous namespace)::go'],
      ['bool app::operator<(app::A const&, app::A const&)', 'app::operator<'],
      ['app::F::operator()(int) const', 'app::F::operator()'],
      ['app::run::h0123456789abcdef', 'app::run'],
      ['<app::Cart as app::Shop>::add', 'app::Cart::add'],
      ['<app::Cart<T>>::add', 'app::Cart::add'],
      ['-[Cart addItem:withName:]', '-[Cart addItem:withName:]'],
      ['go(int) [clone .isra.0]', 'go'],
      ['Cart.add(item: Swift.Int) -> Swift.Bool', 'Cart.add'],
    ];
    for (const [given, expected] of cases) assert.deepEqual(frame('native', { function: given }), [expected], given);
    assert.deepEqual(frame('cocoa', { function: '<redacted>' }), []);
    assert.deepEqual(frame('c', { function: '<unknown>' }), []);
    assert.deepEqual(frame('native', { function: 'go(int)', raw_function: 'x' }), ['go(int)']);
  });

  it('say the line of code where it can be trusted, blanks folded', () => {
    const line = (platform: string, context_line: string): readonly string[] => {
      return frame(platform, { module: 'm', function: 'f', context_line }).slice(2);
    };
    for (const platform of ['javascript', 'node', 'python', 'php', 'ruby']) {
      assert.deepEqual(line(platform, '\t a  =\tb ;\u00a0c '), ['a = b ; c'], platform);
    }
    for (const platform of ['go', 'java', 'csharp', 'rust', 'elixir'])
      assert.deepEqual(line(platform, 'a'), [], platform);
    assert.equal(line('python', 'x'.repeat(120)).length, 1);
    assert.equal(line('python', 'x'.repeat(121)).length, 0);
    assert.equal(line('python', ' \t').length, 0);
    const url = { abs_path: 'https://a.example/x.js', context_line: 'go()', in_app: true };
    assert.deepEqual(inputsOf('javascript', url, { ...url, function: 'f' }), ['f', 'go()']);
  });

  it('follow the rules of their own platform', () => {
    assert.deepEqual(frame('python', { platform: 'java', module: 'a.B', function: 'lambda$1', context_line: 'x' }), [
      'a.B',
    ]);
  });

  it('are the same call again when nothing differs, line and column included', () => {
    const call = { module: 'a', function: 'f', lineno: 1, in_app: true };
    assert.deepEqual(inputsOf('python', call, { ...call }, { ...call }), ['a', 'f']);
    assert.deepEqual(inputsOf('python', call, { ...call, lineno: 2 }), ['a', 'f', 'a', 'f']);
    assert.deepEqual(inputsOf('python', call, { ...call, colno: 2 }), ['a', 'f', 'a', 'f']);
    assert.deepEqual(inputsOf('python', call, { ...call, vars: { x: '1' }, colno: null }), ['a', 'f']);
  });

  it('do not count when it is a lone page without a function', () => {
    const page = { abs_path: 'https://a.example/', in_app: true, module: 'm' };
    assert.deepEqual(inputsOf('javascript', page), []);
    assert.deepEqual(inputsOf('javascript', { ...page, function: 'f' }), ['m', 'f']);
    assert.deepEqual(inputsOf('javascript', page, { ...page, lineno: 2 }), ['m', 'm']);
  });

  it('are of the application when the SDK says so and no library holds them', () => {
    const app = { module: 'app', function: 'a', in_app: true };
    const other = (platform: string, fields: Fields): boolean => {
      const { inputs } = group({
        platform,
        stacktrace: { frames: [app, { function: 'other', in_app: true, ...fields }] },
      });
      return inputs.includes('other');
    };
    for (const path of [
      '/srv/venv/lib/python3.12/site-packages/x.py',
      '/usr/lib/python3/dist-packages/x.py',
      '/srv/node_modules/x/i.js',
      'node_modules/x/i.js',
      '/srv/app/vendor/x/i.php',
      '/root/go/pkg/mod/x@v1/i.go',
      '/usr/lib/ruby/x.rb',
      'C:\\app\\node_modules\\x.js',
    ]) {
      assert.equal(other('other', { abs_path: path }), false, path);
    }
    for (const module of [
      'java.util.X',
      'javax.x.Y',
      'android.os.X',
      'kotlin.X',
      'org.springframework.a.X',
      'org.apache.X',
    ]) {
      assert.equal(other('java', { module }), false, module);
    }
    assert.equal(other('native', { function: 'std::rt::other' }), false);
    assert.equal(other('native', { package: '/usr/lib/libc.so' }), false);
    assert.equal(other('native', { package: '/srv/app/libx.so' }), true);
    assert.equal(other('other', { in_app: false }), false);
    assert.equal(other('other', { in_app: null }), false);
    assert.equal(other('other', { in_app: 'yes' }), false);
    assert.equal(other('other', { abs_path: '/srv/vendored/x.php' }), true);
    assert.equal(other('python', { module: 'java.util.X' }), true);
  });

  it("of Sentry's own SDKs and of run times are left out, though they are all there is", () => {
    const { inputs, variant } = group({
      platform: 'node',
      stacktrace: {
        frames: [
          { module: 'task_queues', function: 'process.processTicksAndRejections' },
          { filename: '/srv/node_modules/@sentry/node/i.js', function: 'a' },
          { filename: '/srv/node_modules/@babel/runtime/i.js', function: 'b' },
          { filename: '/srv/node_modules/core-js/i.js', function: 'c' },
          { filename: '/srv/node_modules/tslib/i.js', function: 'd' },
          { module: 'net', function: 'kept' },
        ],
      },
    });
    assert.deepEqual(inputs, ['net', 'kept']);
    assert.equal(variant, 'system');
    assert.deepEqual(frame('python', { module: 'sentry_sdk.integrations.django', function: 'f' }), []);
    assert.deepEqual(frame('java', { module: 'io.sentry.Hub', function: 'f' }), []);
    assert.deepEqual(frame('go', { module: 'github.com/getsentry/sentry-go', function: 'f' }), []);
    assert.deepEqual(
      frame('python', { module: 'sentry_sdk_tools', filename: '/srv/sentry-demo/x.py', function: 'f' }),
      ['sentry_sdk_tools', 'f'],
    );
  });

  it('count up to 250 of a stack, the oldest ten and the latest', () => {
    const frames = Array.from({ length: 1500 }, (_, i) => ({ function: `f${i}`, in_app: true }));
    const inputs = inputsOf('go', ...frames);
    assert.equal(inputs.length, 250);
    assert.deepEqual([inputs[0], inputs[9], inputs[10], inputs[249]], ['f0', 'f9', 'f1260', 'f1499']);
  });
});
