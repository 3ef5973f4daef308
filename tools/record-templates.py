#!/usr/bin/env python3
# Records what the docker client makes of the templates in test/cli/templates.txt: for an image that it imports (docker inspect) and for lists (docker images, docker history). Needs a Docker daemon.
# Usage: tools/record-templates.py > test/cli/templates.json
import io, json, re, subprocess, sys, tarfile

def docker(*args, stdin=None):
    r = subprocess.run(['docker', *args], input=stdin, capture_output=True, timeout=60)
    return r.returncode, r.stdout.decode('utf-8', 'replace'), r.stderr.decode('utf-8', 'replace')

tar = io.BytesIO()
with tarfile.open(fileobj=tar, mode='w') as t:
    info = tarfile.TarInfo('hello'); info.size = 5
    t.addfile(info, io.BytesIO(b'world'))
changes = ['LABEL a.b=c plain=yes html="<&>"', 'ENV A=b', 'EXPOSE 80/tcp 53/udp', 'VOLUME /data', 'ENTRYPOINT ["/bin/sh","-c"]', 'CMD ["echo hi"]', 'WORKDIR /srv', 'USER 1000:100']
docker('rmi', '-f', 'tmpl:1')
code, out, err = docker('import', '-m', 'a <message>', *[w for c in changes for w in ('-c', c)], '-', 'tmpl:1', stdin=tar.getvalue())
assert code == 0, err
document = json.loads(docker('inspect', 'tmpl:1')[1])[0]

lines = [l.rstrip('\n') for l in open('test/cli/templates.txt')]
templates = [l for l in lines if l and not l.startswith('# ')]
inspect = []
for template in templates:
    code, out, err = docker('inspect', '-f', template, 'tmpl:1')
    inspect.append([template, code, out, err])

rows = ['{{.ID}}', '{{.Nope}}', 'json', 'table', 'table {{.ID}}\\t{{.Repository}}\\t{{.Size}}', 'table {{.Repository}}:{{.Tag}}\\tx\\t{{.Digest}}', 'table {{.Nope}}', '{{json .}}', '{{json .Digest}}', '{{.Digest}}', 'table {{upper .Repository}} {{.Tag | lower}}', 'table {{json .Repository}}',
  'table {{.Repository | printf "%-20s"}}|{{.Tag}}', 'table {{if .Tag}}{{.Tag}}{{end}}\\t{{.ID}}', 'table {{truncate .ID 3}}\\t{{.Tag}}', 'table{{.ID}}', ' {{.ID}} ', 'a\\nb {{.Tag}}', '{{', 'table {{', '{{.ID.Foo}}', '{{range .ID}}{{end}}', '{{len .Repository}}', 'table {{.Containers}}\\t{{.SharedSize}}\\t{{.UniqueSize}}\\t{{.VirtualSize}}', 'json ', 'TABLE', 'raw', '{{println .ID}}', '{{.CreatedAt | len}}', 'table {{.Repository}}\\n{{.Tag}}', 'table {{.Repository}}\\t\\t{{.Tag}}', 'table \\t{{.Tag}}', '{{.Size}} {{.VirtualSize}}', '{{.}}', 'table {{join (split .Repository "m") "-"}}\\t{{.Tag}}', 'table {{pad .Tag 1 2}}|', '{{index . "ID"}}', '{{title .Repository}}', 'table {{title .Repository}}\\t{{lower .Tag}}']
images = [[row, *docker('images', '--format', row, 'tmpl')] for row in rows]
empty = [[row, *docker('images', '--format', row, 'nosuch')] for row in rows]
history = [[row, *docker('history', '--format', row, 'tmpl:1')] for row in ['{{.ID}} {{.Comment}} {{.CreatedBy}}', 'table {{.ID}}\\t{{.Comment}}', 'table {{.Size}}|{{.CreatedBy}}', '{{.Size}}', '{{.Nope}}']]
text = json.dumps({'document': document, 'inspect': inspect, 'images': images, 'empty': empty, 'history': history}, ensure_ascii=False, indent=0)
print(re.sub(r'/[^" ]*/overlay2/', '/var/lib/docker/overlay2/', text))
