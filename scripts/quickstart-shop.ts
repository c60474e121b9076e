/**
 * The application of the second act of the quickstart: a small shop with Sentry's SDK in it, as its documentation shows it. It knows nothing of Sluice but the DSN.
 * Usage: node quickstart-shop.ts DSN RELEASE
 */
import * as Sentry from '@sentry/node';

const [, , dsn = '', release = ''] = process.argv;
const ORDERS = 250;
/** So many are sent before they are waited for: an SDK drops what it cannot send in time. */
const AT_ONCE = 20;

Sentry.init({
  dsn,
  release,
  environment: 'production',
  tracesSampleRate: 1,
  // The SDK leaves out an error that is like the one before it; here every one shall be counted.
  integrations: (usual) => usual.filter(({ name }) => name !== 'Dedupe'),
});

class PaymentTimeout extends Error {
  override name = 'PaymentTimeout';
}

/** Its new version has a mistake: orders with a voucher have no total. Every now and then the bank is slow, in both. */
function checkOut(order: { id: number; voucher: boolean; cart?: { total: number } }): number {
  if (order.id % 50 === 7) throw new PaymentTimeout(`The bank did not answer for order ${order.id}`);
  if (release === 'shop@2.4.0' && order.voucher) order.cart = undefined;
  return order.cart!.total;
}

let failed = 0;
for (let id = 0; id < ORDERS; id++) {
  const voucher = id % 20 === 3;
  await Sentry.withIsolationScope(async (scope) => {
    scope.setUser({ id: `customer-${id % 40}` });
    scope.setTag('voucher', voucher);
    scope.setTag('country', ['CZ', 'DE', 'PT'][id % 3]);
    await Sentry.startSpan({ name: 'POST /checkout', op: 'http.server', forceTransaction: true }, () => {
      try {
        checkOut({ id, voucher, cart: { total: 10 } });
      } catch (error) {
        failed++;
        Sentry.captureException(error);
      }
    });
  });
  if (id % AT_ONCE === AT_ONCE - 1) await Sentry.flush(5000);
}
await Sentry.close(5000);
process.stdout.write(JSON.stringify({ orders: ORDERS, failed }));
