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

// maxShown is the number of files that an error names.
const maxShown = 10

// checkLibraries returns an error that names the native libraries of another
// platform than the target's.
func checkLibraries(t *tree, target target) error {
	var wrong []string
	err := t.all(func(d *distribution, f *file) error {
		isELF, head, err := inspect(f)
		switch {
		case err != nil:
			return err
		case !isELF && !libraryName.MatchString(f.path), isELF && head.Machine == target.machine() && head.Class == elf.ELFCLASS64:
			return nil
		case !isELF:
			wrong = append(wrong, fmt.Sprintf("%s of %s %s is not a library (not an ELF file)", f.path, d.name, d.version))
		default:
			wrong = append(wrong, fmt.Sprintf("%s of %s %s is for %s", f.path, d.name, d.version, head.Machine))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("check the native libraries: %w", err)
	}
	if len(wrong) == 0 {
		return nil
	}
	if len(wrong) > maxShown {
		wrong = append(wrong[:maxShown], fmt.Sprintf("and %d more", len(wrong)-maxShown))
	}
	return fmt.Errorf("native libraries are for another platform; want %s (%s): %s", target.arch, target.machine(), strings.Join(wrong, "; "))
}

// inspect reads the header of a file and reports whether it is an ELF file.
func inspect(f *file) (isELF bool, head elf.FileHeader, err error) {
	source, err := os.Open(f.source)
	if err != nil {
		return false, head, err
	}
	defer source.Close()
	magic := make([]byte, len(elf.ELFMAG))
	if _, err := io.ReadFull(source, magic); err != nil || string(magic) != elf.ELFMAG {
		return false, head, nil // the file is another one, or too short
	}
	library, err := elf.NewFile(source)
	if err != nil {
		return false, head, err
	}
	return true, library.FileHeader, nil
}
