import { type Hdfs, startHdfs } from '../../scripts/peers/hdfs.ts';
import { systemClock } from '../../src/agent/clock.ts';
import { WebHdfs } from '../../src/filesystems/webhdfs/index.ts';
import { fileSystemContract } from '../contract/file-system.contract.ts';
import { memoryLogger } from '../support/context.ts';

describe('file system webhdfs: on a real HDFS', function () {
  this.timeout(180_000);
  let hdfs: Hdfs;
  let fs: WebHdfs;
  let log: ReturnType<typeof memoryLogger>;
  let tests = 0;

  before(async () => {
    hdfs = await startHdfs();
    log = memoryLogger();
    const context = { hadoop: new Map<string, string>(), user: hdfs.user, log, clock: systemClock };
    fs = new WebHdfs(new URL(`webhdfs://127.0.0.1:${hdfs.httpPort}`), context);
  });

  after(async () => {
    await fs?.close();
    await hdfs?.stop();
  });

  beforeEach(async () => {
    await fs.mkdirs(`/test-${++tests}`);
    log.lines.length = 0;
  });

  fileSystemContract({ fileSystem: () => fs, folder: () => `/test-${tests}`, runs: 10, steps: 8 });
});
