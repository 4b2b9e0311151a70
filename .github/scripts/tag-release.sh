#!/usr/bin/env bash
# Commits the actions' bundles on top of HEAD, and pushes the commit as the new tag $VERSION, together with its moving major
# tag. A second try, after the release itself failed, finds the same content under the tag and leaves it.
set -euo pipefail
[[ $VERSION =~ ^v(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$ ]] || {
  echo "::error::version: got $VERSION, expected a version such as v1.2.3"
  exit 1
}
# The token is in the environment, because the process list shows arguments and errors show the remote's address.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.$GITHUB_SERVER_URL/.extraheader"
GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $(printf 'x-access-token:%s' "$TOKEN" | base64 -w 0)"
echo "::add-mask::${GIT_CONFIG_VALUE_0##* }"
export GIT_CONFIG_VALUE_0

git add --force actions/*/dist
git -c user.name='github-actions[bot]' -c user.email='41898282+github-actions[bot]@users.noreply.github.com' \
  commit --quiet --message "$VERSION"

major=${VERSION%%.*}
tags=$(git ls-remote --tags --refs origin | cut -f 2 | sed 's|^refs/tags/||')
if grep -Fxq "$VERSION" <<< "$tags"; then
  git fetch --quiet --depth 1 origin "refs/tags/$VERSION"
  if [ "$(git rev-parse 'FETCH_HEAD^{tree}')" = "$(git rev-parse 'HEAD^{tree}')" ]; then
    echo "$VERSION is tagged already, with the same content."
    exit 0
  fi
  echo "::error::version: got $VERSION, which exists, expected a new one"
  exit 1
fi

refs=("HEAD:refs/tags/$VERSION")
newest=$(grep -E "^$major\.[0-9]+\.[0-9]+$" <<< "$tags"$'\n'"$VERSION" | sort --version-sort | tail -n 1)
if [ "$newest" = "$VERSION" ]; then
  refs+=("+HEAD:refs/tags/$major")
else
  echo "::notice::$major stays at $newest, which is newer than $VERSION."
fi
# All or none: a major tag never points to a version that has no tag.
git push --atomic origin "${refs[@]}"
