#!/usr/bin/env python3
# Records what `docker create` says to flags and what inspect shows of the container then: what differs from one without flags. Usage: tools/record-flags.py < test/cli/container-flags.txt > test/cli/container-flags.json
import json, shlex, subprocess, sys

def docker(*args):
    return subprocess.run(['docker', *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, text=True)

OTHERS = {'Id', 'Created', 'Name', 'LogPath', 'ResolvConfPath', 'HostnamePath', 'HostsPath', 'GraphDriver', 'AppArmorProfile', 'NetworkSettings', 'Mounts'}

def fields(value, path=''):
    """Every field of a document by its path; maps without anything are fields, too."""
    if not isinstance(value, dict) or value == {}:
        return {path: value}
    return {k: v for name, each in value.items() for k, v in fields(each, f'{path}.{name}' if path else name).items()}

def shown(name):
    document = json.loads(docker('inspect', name).stdout)[0]
    return fields({k: v for k, v in document.items() if k not in OTHERS})

docker('system', 'prune', '-af')
docker('load', '-q', '-i', 'images/busybox.tar')
docker('create', '--name', 'def', 'busybox', 'true')
plain = shown('def')
rows = []
for line in (l.rstrip('\n') for l in sys.stdin):
    if not line or line.startswith('#'): continue
    made = docker('create', *shlex.split(line), 'busybox', 'true')
    name = made.stdout.strip()
    now = shown(name) if made.returncode == 0 else plain
    rows.append([line, made.returncode, made.stderr, {k: now.get(k) for k in {**plain, **now} if now.get(k) != plain.get(k)}])
    if name: docker('rm', '-f', name)
print('[\n' + ',\n'.join(json.dumps(row, ensure_ascii=False) for row in rows) + '\n]')
