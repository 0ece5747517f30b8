#!/bin/sh
# CodeDeploy runs this on the instance; what teal prints is in the hook's log.
# Exit code 0 is a release, any other fails the hook. 3: a gate failed, traffic is
# where it was. 4: another deploy runs, deploy again when it has ended.
<%- if .Secrets %>
# The addresses for notify are the instance's: <% range .Secrets %><% . %>=…
# <% end %>in /etc/default/teal, readable by root alone.
if [ -r /etc/default/teal ]; then set -a; . /etc/default/teal; set +a; fi
<%- end %>
PATH="$PATH:/usr/local/bin"
exec teal -f <% .There %> deploy --summary <% .Folder %>/teal-receipt.json
