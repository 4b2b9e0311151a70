#!/usr/bin/env bash
# Commits the actions' bundles on top of HEAD, and pushes the commit as the new tag $VERSION and as its moving major tag.
set -euo pipefail
[[ $VERSION =~ ^v[0-9]+\.[0-9]+\.[0-9]+$ ]] || {
  echo "::error::version: got $VERSION, expected a version such as v1.2.3"
  exit 1
}
# The token is in the environment, because the process list shows arguments and errors show the remote's address.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.$GITHUB_SERVER_URL/.extraheader"
GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $(printf 'x-access-token:%s' "$TOKEN" | base64 -w 0)"
echo "::add-mask::${GIT_CONFIG_VALUE_0##* }"
export GIT_CONFIG_VALUE_0

if [ -n "$(git ls-remote origin "refs/tags/$VERSION")" ]; then
  echo "::error::version: got $VERSION, which exists, expected a new one"
  exit 1
fi
git add --force actions/*/dist
git -c user.name='github-actions[bot]' -c user.email='41898282+github-actions[bot]@users.noreply.github.com' \
  commit --quiet --message "$VERSION"
# Both tags or neither.
git push --atomic origin "HEAD:refs/tags/$VERSION" "+HEAD:refs/tags/${VERSION%%.*}"
