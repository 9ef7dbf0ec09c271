#!/bin/sh
# Brings images of the local Docker engine into the cluster, all of them in one stream: what they share goes over once.
# Without the cluster's containerd at hand its own program does it, one by one.
set -eu
if [ -S "$SOUK_CI_CONTAINERD" ] && command -v ctr > /dev/null; then
  docker save "$@" | ctr --address "$SOUK_CI_CONTAINERD" --namespace k8s.io images import - > /dev/null
else
  exec "$SOUK_CI_CLUSTER" load "$@"
fi
