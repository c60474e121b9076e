import io.sentry.Attachment;
import io.sentry.Breadcrumb;
import io.sentry.CheckIn;
import io.sentry.CheckInStatus;
import io.sentry.ITransaction;
import io.sentry.Sentry;
import io.sentry.SentryLevel;
import io.sentry.protocol.SentryException;
import io.sentry.protocol.User;
import java.util.List;

/**
 * Sentry's Java SDK as an application uses it. Prints a JSON line for each thing that it hands to its transport.
 *
 * <p>Usage: java Client DSN
 */
public final class Client {
  private static String quote(String text) {
    if (text == null) return "null";
    StringBuilder out = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') out.append('\\').append(c);
      else if (c < 0x20 || c > 0x7e) out.append(String.format("\\u%04x", (int) c));
      else out.append(c);
    }
    return out.append('"').toString();
  }

  private static synchronized void report(String kind, String fields) {
    System.out.println("{\"kind\":" + quote(kind) + "," + fields + "}");
  }

  public static void main(String[] args) {
    Sentry.init(
        options -> {
          options.setDsn(args[0]);
          options.setTracesSampleRate(1.0);
          options.setRelease("shop@1.2.3");
          options.setEnvironment("test");
          options.setServerName("web-4");
          options.setAttachServerName(true);
          options.getLogs().setEnabled(true);
          options.setEnableUncaughtExceptionHandler(false);
          options.setBeforeSend(
              (event, hint) -> {
                List<SentryException> values = event.getExceptions();
                SentryException last = values == null || values.isEmpty() ? null : values.get(values.size() - 1);
                int frames = 0;
                if (values != null)
                  for (SentryException one : values)
                    if (one.getStacktrace() != null && one.getStacktrace().getFrames() != null)
                      frames += one.getStacktrace().getFrames().size();
                report(
                    "event",
                    "\"id\":" + quote(event.getEventId().toString())
                        + ",\"level\":" + quote(event.getLevel() == null ? "error" : event.getLevel().name().toLowerCase())
                        + ",\"type\":" + quote(last == null ? null : last.getType())
                        + ",\"value\":" + quote(last == null ? null : last.getValue())
                        + ",\"exceptions\":" + (values == null ? 0 : values.size())
                        + ",\"frames\":" + frames
                        + ",\"breadcrumbs\":" + (event.getBreadcrumbs() == null ? 0 : event.getBreadcrumbs().size()));
                return event;
              });
          options.setBeforeSendTransaction(
              (transaction, hint) -> {
                report(
                    "transaction",
                    "\"id\":" + quote(transaction.getEventId().toString())
                        + ",\"transaction\":" + quote(transaction.getTransaction()));
                return transaction;
              });
          options
              .getLogs()
              .setBeforeSend(
                  log -> {
                    report("log", "\"message\":" + quote(log.getBody()));
                    return log;
                  });
        });
    Sentry.startSession();
    try {
      try {
        Integer.parseInt("4711x");
      } catch (NumberFormatException cause) {
        throw new IllegalStateException("the order cannot be read", cause);
      }
    } catch (IllegalStateException error) {
      Sentry.captureException(error);
    }
    Sentry.captureMessage("disk nearly full", SentryLevel.WARNING);
    for (int n = 0; n < 20; n++) {
      Breadcrumb crumb = new Breadcrumb("step " + n);
      crumb.setCategory("step");
      Sentry.addBreadcrumb(crumb);
    }
    User user = new User();
    user.setId("42");
    user.setUsername("søren");
    Sentry.setUser(user);
    Sentry.captureException(new RuntimeException("注文\u0000\u2028 \ud83d\udea8,;|\\'\"\t"));
    Sentry.captureException(new RuntimeException("x".repeat(20000)));
    Sentry.withScope(
        scope -> {
          byte[] state = new byte[1024];
          for (int i = 0; i < state.length; i++) state[i] = (byte) i;
          scope.addAttachment(new Attachment(state, "state.bin"));
          Sentry.captureMessage("with attachments");
        });
    ITransaction transaction = Sentry.startTransaction("checkout", "task");
    transaction.startChild("db").finish();
    transaction.finish();
    Sentry.logger().info("paid by søren");
    Sentry.logger().error("not paid");
    CheckIn checkIn = new CheckIn("nightly", CheckInStatus.OK);
    checkIn.setDuration(1.5);
    report("check_in", "\"id\":" + quote(Sentry.captureCheckIn(checkIn).toString()));
    Sentry.endSession();
    report("session", "\"status\":\"exited\"");
    Sentry.flush(20000);
    Sentry.close();
  }
}
