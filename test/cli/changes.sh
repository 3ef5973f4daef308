set -e
echo changed >> /etc/passwd; rm /etc/group; mkdir -p /new/deep/er; echo n > /new/deep/er/file; ln /new/deep/er/file /new/hard; ln -s deep /new/soft
mkfifo /new/fifo; mknod /new/null c 1 3; rm -rf /var; mkdir /var; echo v > /var/v; mv /home /house; rm -rf /root; echo file > /root; rm -rf /tmp; ln -s var /tmp
chmod 4711 /new/hard; chown 123:456 /new/deep; dd if=/dev/zero of=/new/holes bs=1 count=1 seek=1000000 2>/dev/null; mkdir -m 1777 /new/sticky; touch -d '2001-02-03 04:05:06' /new/deep/er/file
echo /bin/*; cp -a /etc /etc2; rm -rf /etc2/passwd /etc2/host* /etc2/resolv.conf
