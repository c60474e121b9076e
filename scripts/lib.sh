# Shell parts that the scripts beside this file share: the right Node, the npm packages, Debian packages.
# To be sourced with `root` set to the top of the checkout.

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# What fetches something must end, however the network is. In the foreground, so that Ctrl-C reaches it.
in_time() { timeout --foreground --kill-after=10 600 "$@"; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# Is $1 a Node that package.json's "engines" allows (>=22.22 <23 || >=24.6)?
node_fits() {
  local major minor
  IFS=. read -r major minor _ <<<"$("$1" -p process.versions.node 2>/dev/null)"
  [ -n "${minor:-}" ] || return 1
  [ "$major" -gt 24 ] || { [ "$major" = 24 ] && [ "$minor" -ge 6 ]; } || { [ "$major" = 22 ] && [ "$minor" -ge 22 ]; }
}

# Sets NODE to a fitting Node: the machine's own, the checkout's npm package "node", or one fetched from npm into .cache.
find_node() {
  local pinned
  for NODE in "$root/node_modules/node/bin/node" "$(command -v node)" "$root/.cache/node/node_modules/node/bin/node"; do
    if [ -n "$NODE" ] && node_fits "$NODE"; then return; fi
  done
  command -v npm >/dev/null || install_debian npm:npm
  pinned=$(sed -n 's/^ *"node": "\([0-9.]*\)",\{0,1\}$/\1/p' "$root/package.json")
  say "Fetching Node $pinned from npm (the machine's own is $(node -v 2>/dev/null || echo absent))"
  mkdir -p "$root/.cache/node"
  echo '{ "private": true, "allowScripts": { "node": true } }' >"$root/.cache/node/package.json"
  in_time npm install --prefix "$root/.cache/node" --no-package-lock --no-audit --no-fund --loglevel=error "node@$pinned" >&2
  NODE=$root/.cache/node/node_modules/node/bin/node
  node_fits "$NODE" || die "Node $pinned did not install; put a Node that fits package.json's \"engines\" on the PATH."
}

# Are the packages in node_modules those of package-lock.json?
packages_fit() {
  [ -e "$root/node_modules/.package-lock.json" ] && (cd "$root" && "$NODE" -e '
    const read = (file) => JSON.parse(require("fs").readFileSync(file, "utf8")).packages;
    const have = read("node_modules/.package-lock.json");
    for (const [path, wanted] of Object.entries(read("package-lock.json")))
      if (path && !wanted.optional && have[path]?.version !== wanted.version) process.exit(1);
  ')
}

# Installs the npm packages unless they are there. npm itself runs under the Node found: an older one would pick others.
install_packages() {
  packages_fit && return
  mkdir -p "$root/.cache"
  (
    flock -w 900 9 || die "Another installation holds $root/.cache/install.lock."
    if ! packages_fit; then
      command -v npm >/dev/null || install_debian npm:npm
      say 'Installing the npm packages (once, about a minute)'
      # A Node inside node_modules would be deleted under npm's feet: run npm with a copy.
      case $NODE in "$root"/node_modules/*) mkdir -p "$root/.cache/bin" && cp "$NODE" "$root/.cache/bin/node" && NODE=$root/.cache/bin/node ;; esac
      cd "$root" && PATH=$(dirname "$NODE"):$PATH in_time npm ci --no-audit --no-fund --loglevel=error >&2
    fi
  ) 9>"$root/.cache/install.lock" || die 'npm ci failed; its messages stand above.'
  find_node
}

# Installs the Debian packages of which the command is missing; each argument is COMMAND:PACKAGE.
install_debian() {
  local pair packages=()
  for pair in "$@"; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" >/dev/null || packages+=("${pair#*:}")
  done
  [ ${#packages[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "Please install what Debian calls: ${packages[*]}"
  say "Installing Debian packages: ${packages[*]}"
  mkdir -p "$root/.cache"
  {
    as_root timeout --foreground 600 apt-get update -q &&
      as_root env DEBIAN_FRONTEND=noninteractive timeout --foreground 600 apt-get install -yq --no-install-recommends "${packages[@]}"
  } >"$root/.cache/apt.log" 2>&1 </dev/null || { tail -n 20 "$root/.cache/apt.log" >&2; die 'apt-get failed.'; }
}
