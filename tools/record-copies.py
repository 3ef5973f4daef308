#!/usr/bin/env python3
# Records what `docker cp` does: makes every copy of test/cli/copies.json again with the docker client (DOCKER_HOST; the busybox image must be loaded) and writes down exit code, errors and both trees.
import json, os, shutil, subprocess, tempfile

FILE = 'test/cli/copies.json'

def docker(*args): return subprocess.run(['docker', *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)

# What the client logs when its daemon hangs up depends on the moment.
def errors(result): return ''.join(line for line in result.stderr.decode().splitlines(True) if not line.startswith('time='))

def host_tree():
    out = subprocess.run('find * -printf "%p %y %m %s %l\\n" | LC_ALL=C sort', shell=True, capture_output=True, text=True).stdout
    return [' '.join('-' if i == 3 and ' d ' in line else word for i, word in enumerate(line.split(' '))) for line in out.strip().split('\n')]

def container_tree(tar):
    listing = subprocess.run(['tar', 'tvf', '-', '--numeric-owner'], input=tar, capture_output=True, text=False).stdout.decode()
    lines = [' '.join(line.split()[:3] + line.split()[5:]) for line in listing.split('\n') if line]
    shown = lambda line: line.split(' ')[3].split('/')[0] not in ('bin', 'sbin', 'usr', 'dev', 'var', 'linuxrc')
    return sorted(filter(shown, lines))

record = json.load(open(FILE))
home = os.getcwd()
cases = []
for words, *_ in record['cases']:
    here = tempfile.mkdtemp()
    os.chdir(here)
    subprocess.run(['sh', '-c', record['host']], check=True)
    docker('rm', '-f', 'cc')
    docker('run', '--name', 'cc', 'busybox', 'sh', '-c', record['container'])
    result = docker('cp', *(word.replace('c:', 'cc:', 1) if word.startswith('c:') else word for word in words.split()))
    cases.append([words, result.returncode, errors(result).replace(here, '$HERE'), host_tree(), container_tree(docker('export', 'cc').stdout)])
    os.chdir(home)
    shutil.rmtree(here)
same = [sorted(set.intersection(*(set(case[i]) for case in cases))) for i in (3, 4)]
rest = [[*case[:3], *([line for line in case[i + 3] if line not in same[i]] for i in (0, 1))] for case in cases]
with open(FILE, 'w') as out:
    out.write('{\n' + ',\n'.join(f'"{key}": {json.dumps(value)}' for key, value in {**{k: record[k] for k in ('host', 'container')}, 'everywhereHost': same[0], 'everywhereContainer': same[1]}.items()))
    out.write(',\n"cases": [\n' + ',\n'.join(json.dumps(case) for case in rest) + '\n]}\n')
