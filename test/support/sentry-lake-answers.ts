import { type Days, issueOf } from './sentry-lake.ts';

/**
 * The answers to the questions of `queries.sql` over the lake of `sentry-lake.ts`, from its first day to its second: worked out by hand from what is sent, as the lines that Hive
 * and Spark print, with tabs where there is a comma and a blank here.
 */
export function answers({ first, second }: Days): Readonly<Record<string, readonly string[]>> {
  const [odd, noted, bulk, warned] = ['odd', 'noted', 'bulk', 'warned'].map(issueOf);
  const [checkout, search] = ['checkout', 'search'].map(issueOf);
  const hours = Array.from({ length: 10 }, (_, hour) => `42, ${first} 0${hour}, 1000, 10`);
  return {
    events_by_hour: [
      `41, ${first} 23, 3, 2`,
      `41, ${second} 00, 2, 1`,
      `41, ${second} 12, 2, 0`,
      ...hours,
      `44, ${first} 09, 16, 16`,
      `44, ${second} 09, 8, 8`,
    ],
    // 100 of 10,000 is 1 %. Half of the transactions were sent, so there were 100 + 300 + 600 + 2 x 9,000.
    error_rate: ['41, 3, 7, 0.428571, 7, 0.428571', '42, 100, 10000, 0.01, 19000, 0.005263', '44, 24, 24, 1, 24, 1'],
    error_rate_delimited: ['41, 3, 7, 0.428571', '42, 100, 10000, 0.01', '44, 24, 24, 1'],
    // Ten hours over ten repairs.
    mttr: ['10, 10, 1'],
    mttr_by_project: ['41, 2, 1, 0.5', '43, 8, 9, 1.125'],
    mttr_by_day: [`${first}, 3, 3.5, 1.1667`, `${second}, 7, 6.5, 0.9286`],
    trend_by_day: [
      `41, ${first}, 3, 2, 0.666667`,
      `41, ${second}, 4, 1, 0.25`,
      `42, ${first}, 10000, 100, 0.01`,
      `44, ${first}, 16, 16, 1`,
      `44, ${second}, 8, 8, 1`,
    ],
    trend_by_release: [
      '41, shop@1.0,rc1, 1, 1, 1',
      '42, app@1.0.0, 5000, 50, 0.01',
      '42, app@2.0.0, 5000, 50, 0.01',
      '44, web@1.0.0, 14, 14, 1',
      '44, web@2.0.0, 10, 10, 1',
    ],
    top_issues: [
      `42, ${warned}, Broken: warned, 300, 0`,
      `42, ${bulk}, Broken: bulk, 100, 3`,
      `44, ${search}, Broken: search, 16, 4`,
      `44, ${checkout}, Broken: checkout, 8, 4`,
      `41, ${noted}, Broken: noted, 3, 0`,
      `41, ${odd}, Value,Error: a,b;c, 3, 1`,
    ],
    // All but `search`, which was seen the day before.
    new_issues: [
      `41, 9008, ${second} 06:00:00`,
      `41, 9009, ${second} 07:00:00`,
      `41, ${noted}, ${second} 00:00:00`,
      `41, ${odd}, ${first} 23:59:59`,
      `42, ${bulk}, ${first} 00:00:00`,
      `42, ${warned}, ${first} 00:00:03`,
      `43, 9001, ${first} 00:00:00`,
      `43, 9002, ${first} 03:00:00`,
      `43, 9003, ${first} 04:00:00`,
      `43, 9004, ${first} 04:00:00`,
      `43, 9005, ${first} 22:00:00`,
      `43, 9006, ${second} 01:00:00`,
      `43, 9007, ${second} 05:00:00`,
      `44, ${checkout}, ${second} 09:00:00`,
    ],
    regressed_issues: [
      `41, 9009, 1, ${second} 10:00:00`,
      `43, 9001, 1, ${first} 02:00:00`,
      `43, 9006, 2, ${second} 03:00:00`,
    ],
    // 4 sessions by themselves, 91 in buckets; 3 crashed. Users a, b, c, d; a crashed.
    crash_free: ['43, 95, 3, 0.968421, 4, 1, 0.75'],
    crash_free_by_release: ['43, app@1.0.0, 95, 3, 0.968421'],
    discarded: ['43, client_report, client_discard, sample_rate, transaction, 50'],
    issue_by: [
      `41, ${noted}, platform, python, 3`,
      `41, ${odd}, culprit, a,b.py in f, 1`,
      `41, ${odd}, environment, prod "eu", 1`,
      `41, ${odd}, platform, python, 3`,
      `41, ${odd}, release, shop@1.0,rc1, 1`,
      // A line break in the name of a browser is one in the answer.
      `41, ${odd}, tag browser, Fire`,
      'fox, 1',
      `41, ${odd}, tag key, with comma, v\u2028\u0001, 1`,
      `42, ${bulk}, platform, python, 100`,
      `42, ${bulk}, release, app@1.0.0, 50`,
      `42, ${bulk}, release, app@2.0.0, 50`,
      `42, ${warned}, platform, python, 300`,
      `42, ${warned}, release, app@1.0.0, 150`,
      `42, ${warned}, release, app@2.0.0, 150`,
      ...[
        `${search}, culprit, find in shop.search, 16`,
        `${search}, environment, production, 8`,
        `${search}, environment, staging, 8`,
        `${search}, platform, python, 16`,
        `${search}, release, web@1.0.0, 12`,
        `${search}, release, web@2.0.0, 4`,
        `${search}, tag browser, Chrome, 14`,
        `${search}, tag browser, Safari, 2`,
        `${checkout}, culprit, pay in shop.cart, 8`,
        `${checkout}, environment, production, 8`,
        `${checkout}, platform, python, 8`,
        `${checkout}, release, web@2.0.0, 6`,
        `${checkout}, release, web@1.0.0, 2`,
        `${checkout}, tag browser, Safari, 6`,
        `${checkout}, tag browser, Chrome, 2`,
      ].map((line) => `44, ${line}`),
    ],
    over_represented: [
      `41, ${odd}, culprit, a,b.py in f, 1, 0.3333, 0, NULL`,
      `41, ${odd}, environment, prod "eu", 1, 0.3333, 0, NULL`,
      `41, ${odd}, release, shop@1.0,rc1, 1, 0.3333, 0, NULL`,
      `41, ${odd}, tag browser, Fire`,
      'fox, 1, 0.3333, 0, NULL',
      `41, ${odd}, tag key, with comma, v\u2028\u0001, 1, 0.3333, 0, NULL`,
      // 14 of 16 against 2 of 8; 12 of 16 against 2 of 8.
      `44, ${search}, culprit, find in shop.search, 16, 1, 0, NULL`,
      `44, ${search}, tag browser, Chrome, 14, 0.875, 0.25, 3.5`,
      `44, ${search}, environment, staging, 8, 0.5, 0, NULL`,
      `44, ${search}, release, web@1.0.0, 12, 0.75, 0.25, 3`,
      // 6 of 8 against 2 of 16; 8 of 8 against 8 of 16; 6 of 8 against 4 of 16.
      `44, ${checkout}, culprit, pay in shop.cart, 8, 1, 0, NULL`,
      `44, ${checkout}, tag browser, Safari, 6, 0.75, 0.125, 6`,
      `44, ${checkout}, environment, production, 8, 1, 0.5, 2`,
      `44, ${checkout}, release, web@2.0.0, 6, 0.75, 0.25, 3`,
    ],
  };
}

/** Rows a project of the table of the README, in which only events are, and repeats too. */
export const RAW_EVENTS: readonly string[] = ['41, 7', '42, 405', '44, 25'];

/** Lines as an engine prints them, as they stand above: whole numbers without a fraction. */
export function linesOf(printed: string): string[] {
  return printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      line
        .split('\t')
        .map((cell) => cell.replace(/^(-?\d+)\.0$/, '$1'))
        .join(', '),
    );
}
