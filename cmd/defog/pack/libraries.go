package pack

import (
	"debug/elf"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

var libraryName = regexp.MustCompile(`\.so(\.[0-9.]+)?$`)

// shown are how many files an error names at most.
const shown = 10

// checkLibraries returns an error that names every native library that is for
// something else than the target.
func checkLibraries(t *tree, target target) error {
	var wrong []string
	err := t.all(func(d *distribution, f *file) error {
		is, about, err := inspect(f)
		switch {
		case err != nil:
			return err
		case !is && !libraryName.MatchString(f.path), is && about.Machine == target.machine() && about.Class == elf.ELFCLASS64:
			return nil
		case !is:
			wrong = append(wrong, fmt.Sprintf("%s of %s %s is no library (not an ELF)", f.path, d.name, d.version))
		default:
			wrong = append(wrong, fmt.Sprintf("%s of %s %s is for %s", f.path, d.name, d.version, about.Machine))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("check the native libraries: %w", err)
	}
	if len(wrong) == 0 {
		return nil
	}
	if len(wrong) > shown {
		wrong = append(wrong[:shown], fmt.Sprintf("and %d more", len(wrong)-shown))
	}
	return fmt.Errorf("native libraries that are not for %s (%s): %s", target.arch, target.machine(), strings.Join(wrong, "; "))
}

// inspect reads a file's head, if it is an ELF.
func inspect(f *file) (is bool, head elf.FileHeader, err error) {
	source, err := os.Open(f.source)
	if err != nil {
		return false, head, err
	}
	defer source.Close()
	magic := make([]byte, len(elf.ELFMAG))
	if _, err := io.ReadFull(source, magic); err != nil || string(magic) != elf.ELFMAG {
		return false, head, nil // another file, or one that is shorter than an ELF
	}
	library, err := elf.NewFile(source)
	if err != nil {
		return false, head, err
	}
	return true, library.FileHeader, nil
}
