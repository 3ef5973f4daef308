#!/usr/bin/env python3
# Records what the docker client prints for the commands in a file (`COMMAND <<< TEXT`: with standard input), on a daemon whose images and containers it removes first. Usage: tools/record-session.py test/cli/NAME-session.txt > test/cli/NAME-session.json
import json, os, shlex, subprocess, sys

# Without a daemon, help shows the flags that only newer daemons know, too.
def docker(args, text=''):
    env = {**os.environ, **({'DOCKER_HOST': 'unix:///nosuch'} if '--help' in args else {})}
    r = subprocess.run(['docker', *args], env=env, input=text.encode(), capture_output=True, timeout=60)
    return [r.returncode, r.stdout.decode(), r.stderr.decode()]

docker(['system', 'prune', '-af'])
lines = [l.rstrip('\n') for l in open(sys.argv[1])]
def run(line):
    command, _, text = line.partition(' <<< ')
    return [line, *docker(shlex.split(command), text and text + '\n')]
session = [run(line) for line in lines if line and not line.startswith('#')]
json.dump(session, sys.stdout, ensure_ascii=False, indent=0)
print()
