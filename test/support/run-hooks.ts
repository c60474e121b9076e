/** Hooks around every run that `scripts/test` starts: where it stands, and whether it ends by itself. */

/** How long after the last test the process may take to end. */
const GRACE_MS = 10_000;

export const mochaHooks = {
  beforeEach(this: Mocha.Context): void {
    process.stderr.write(`${new Date().toISOString()} ${this.currentTest?.fullTitle()}\n`);
  },
  afterAll(): void {
    // Does not keep the process itself: when it fires, a test has left something open.
    setTimeout(() => {
      process.stderr.write(`A test has left open: ${process.getActiveResourcesInfo().join(', ')}\n`);
      // Not by process.exit: mocha would make its own exit code of it.
      process.kill(process.pid, 'SIGKILL');
    }, GRACE_MS).unref();
  },
};
