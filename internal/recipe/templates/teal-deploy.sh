#!/bin/sh
# CodeDeploy runs this on the instance; what teal prints is in the hook's log.
# Exit code 0 is a release, any other fails the hook. 3: a gate failed, traffic is
# where it was. 4: another deploy runs, deploy again when it has ended.
<%- if or .Secrets .Others %>
# What the instance alone knows is in /etc/default/teal, readable by root alone,
<%- if .Secrets %>
# the addresses for notify:
<%- end %>
<%- range .Secrets %>
#   <% . %>=…
<%- end %>
<%- if .Others %>
# <% if .Secrets %>and <% end %>these, where neither the compose files' default nor an .env file is meant:
<%- range .Others %>
#   <% .Name %>=…
<%- end %>
<%- end %>
if [ -r /etc/default/teal ]; then set -a; . /etc/default/teal; set +a; fi
<%- end %>
<%- if .Versions %>
# The version: the commit of a revision from GitHub, else the name of this deployment
# (d-…), which does where images are built here. Where they are pulled and revisions
# come from S3, say here which tag: the revision may bring it in a file.
<%- range .Versions %>
export <% . %>="${<% . %>:-${BUNDLE_COMMIT:-${DEPLOYMENT_ID:?CodeDeploy did not call this, set <% . %>}}}"
<%- end %>
<%- end %>
PATH="$PATH:/usr/local/bin"
exec teal -f <% .There %> deploy --summary <% .Folder %>/teal-receipt.json
