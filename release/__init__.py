"""What a release is made of: wheel, sdist, a frozen archive for each platform, and krew's manifest. See release/README.md."""
