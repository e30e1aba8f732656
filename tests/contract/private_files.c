/* Files and folders are private if only this user may change them; no link is. A name that is
 * locked goes with the lock. The reason for a failed write is the system's. */
#include "contract.h"

#if defined(_WIN32)
#include <windows.h>

#include <sddl.h>
#else
#include <sys/stat.h>
#include <unistd.h>
#endif

#define FOLDER "contract_private"

static void write_file(const char *path, const char *mode) {
    (void)os_file_remove(path);
    FILE *file = os_fopen(path, mode);
    CHECK(file != NULL);
    CHECK(fputs("secret", file) >= 0);
    CHECK_EQ(fclose(file), 0);
}

static void check_private(const char *path) {
    char found[OS_FOUND_TEXT];
    char text[16] = "";
    FILE *file = NULL;
    CHECK_OK(os_fopen_private(path, &file, found));
    CHECK(file != NULL && fread(text, 1, sizeof text - 1, file) == 6);
    CHECK(strcmp(text, "secret") == 0 && found[0] == '\0');
    fclose(file);
}

static void check_refused(const char *path, const char *words) {
    char found[OS_FOUND_TEXT];
    FILE *file = NULL;
    CHECK_STATUS(os_fopen_private(path, &file, found), PORTICO_E_ACCESS);
    CHECK(file == NULL && strstr(found, words) != NULL);
}

static void check_folder(const char *path, const char *words) {
    char found[OS_FOUND_TEXT];
    CHECK_STATUS(os_folder_private(path, found), PORTICO_E_ACCESS);
    CHECK(strstr(found, words) != NULL);
}

/* A secret may be behind a link; a private file may not. */
static void check_secret(const char *path) {
    char found[OS_FOUND_TEXT];
    FILE *file = NULL;
    CHECK_OK(os_fopen_secret(path, &file, found));
    CHECK(file != NULL && found[0] == '\0' && fgetc(file) == 's');
    fclose(file);
}

#if !defined(_WIN32)
static void check_secrets(void) {
    char found[OS_FOUND_TEXT];
    FILE *file = NULL;
    CHECK_EQ(chmod(FOLDER "/file", 0640), 0);
    check_secret(FOLDER "/file"); /* its group may read it */
    CHECK_EQ(symlink("file", FOLDER "/link_to_secret"), 0);
    check_secret(FOLDER "/link_to_secret");
    static const mode_t refused[] = {0644, 0660, 0602};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        CHECK_EQ(chmod(FOLDER "/file", refused[i]), 0);
        CHECK_STATUS(os_fopen_secret(FOLDER "/file", &file, found), PORTICO_E_ACCESS);
        CHECK(file == NULL && strstr(found, "it can be read or changed by others") != NULL);
    }
    CHECK_STATUS(os_fopen_secret(FOLDER, &file, found), PORTICO_E_ACCESS);
    CHECK(strcmp(found, "it is no file") == 0);
    CHECK_EQ(unlink(FOLDER "/link_to_secret"), 0);
    CHECK_EQ(chmod(FOLDER "/file", 0600), 0);
}

static void check_modes(void) {
    char found[OS_FOUND_TEXT];
    check_secrets();
    CHECK_EQ(chmod(FOLDER "/file", 0640), 0);
    check_refused(FOLDER "/file", "it can be read by others than its owner (mode 640)");
    CHECK_EQ(chmod(FOLDER "/file", 0600), 0);
    check_private(FOLDER "/file");
    CHECK_EQ(chmod(FOLDER, 0755), 0); /* others may look */
    CHECK_OK(os_folder_private(FOLDER, found));
    CHECK_EQ(chmod(FOLDER, 0775), 0);
    check_folder(FOLDER, "others than its owner may change it (mode 775)");
    CHECK_EQ(chmod(FOLDER, 0700), 0);
    if (geteuid() == 0) { /* only the superuser can make others' files */
        CHECK_EQ(chown(FOLDER, 65534, 65534), 0);
        check_folder(FOLDER, "it belongs to user 65534, and this process is user 0");
        CHECK_EQ(chown(FOLDER, 0, 0), 0);
    }
}

static void check_links(void) {
    (void)os_file_remove(FOLDER "/link");
    CHECK_EQ(symlink("file", FOLDER "/link"), 0);
    check_refused(FOLDER "/link", "it is a link");
    CHECK_EQ(unlink(FOLDER "/link"), 0);
    CHECK_EQ(symlink(".", FOLDER "/link"), 0);
    check_folder(FOLDER "/link", "it is a link");
    check_folder(FOLDER "/link/", "it is a link");
    CHECK_EQ(unlink(FOLDER "/link"), 0);
    /* A new file is not made through a link. */
    CHECK_EQ(symlink("absent", FOLDER "/link"), 0);
    CHECK(os_fopen(FOLDER "/link", "wx") == NULL);
    CHECK_STATUS(os_error_status(), PORTICO_E_EXISTS);
    CHECK(os_fopen(FOLDER "/link", "wxo") == NULL);
    os_lock *lock = NULL;
    uint32_t process = 0;
    CHECK(os_lock_take(FOLDER "/link", &lock, &process) != PORTICO_OK);
    CHECK_EQ(unlink(FOLDER "/link"), 0);
    os_file_info info;
    CHECK_STATUS(os_file_look(FOLDER "/absent", &info), PORTICO_E_NOT_FOUND);
}

static void check_full(void) {
    char text[128];
    FILE *full = fopen("/dev/full", "w");
    CHECK(full != NULL);
    CHECK(os_fopen(FOLDER "/absent", "rb") == NULL); /* the failure before */
    CHECK(fputs("x", full) >= 0 && fflush(full) != 0);
    CHECK_STATUS(os_file_error(), PORTICO_E_SYSTEM);
    os_error_text(os_error(), text, sizeof text);
    CHECK(strcmp(text, "No space left on device") == 0);
    fclose(full);
}
#else
static void set_rights(const char *path, const char *rights) {
    PSECURITY_DESCRIPTOR security = NULL;
    CHECK(ConvertStringSecurityDescriptorToSecurityDescriptorA(rights, SDDL_REVISION_1, &security,
                                                               NULL));
    CHECK(SetFileSecurityA(path, DACL_SECURITY_INFORMATION, security));
    LocalFree(security);
}

/* BA: administrators; SY: the system; WD: everybody. */
static void check_modes(void) {
    set_rights(FOLDER "/file", "D:P(A;;FA;;;BA)(A;;FA;;;SY)(A;;FR;;;WD)");
    check_refused(FOLDER "/file", "it can be read by others than its owner (S-1-1-0)");
    set_rights(FOLDER, "D:P(A;;FA;;;BA)(A;;FA;;;SY)(A;;FA;;;WD)");
    check_folder(FOLDER, "it can be changed by others than its owner (S-1-1-0)");
}

static void check_links(void) {
}

static void check_full(void) {
}
#endif

static void check_lock(void) {
    os_lock *lock = NULL;
    uint32_t process = 1;
    os_file_info info;
    char text[16] = "";
    for (int i = 0; i < 2; i++) {
        CHECK_OK(os_lock_take(FOLDER "/name.lock", &lock, &process));
        FILE *file = i == 0 ? NULL : os_fopen(FOLDER "/name.lock", "rb");
#if defined(_WIN32)
        os_lock *again = NULL;
        CHECK_STATUS(os_lock_take(FOLDER "/name.lock", &again, &process), PORTICO_E_EXISTS);
        CHECK(process != 0);
#endif
        if (file != NULL) {
            CHECK(fread(text, 1, sizeof text - 1, file) > 0);
            CHECK(strtoul(text, NULL, 10) > 0);
            fclose(file);
        }
        os_lock_give_back(lock);
        CHECK_STATUS(os_file_look(FOLDER "/name.lock", &info), PORTICO_E_NOT_FOUND);
    }
    CHECK_STATUS(os_lock_take(FOLDER "/absent/name.lock", &lock, &process), PORTICO_E_NOT_FOUND);
    write_file(FOLDER "/name.lock", "wb"); /* of a host that was killed */
    CHECK_OK(os_lock_take(FOLDER "/name.lock", &lock, &process));
    os_lock_give_back(lock);
}

SCENARIO(private_files) {
    char found[OS_FOUND_TEXT];
    FILE *file = NULL;
    CHECK_OK(os_folder_create(FOLDER));
    CHECK_OK(os_folder_private(FOLDER, found));
    write_file(FOLDER "/file", "wx");
    check_private(FOLDER "/file");
    check_secret(FOLDER "/file");
    CHECK_STATUS(os_fopen_private(FOLDER "/absent", &file, found), PORTICO_E_NOT_FOUND);
    CHECK_STATUS(os_fopen_secret(FOLDER "/absent", &file, found), PORTICO_E_NOT_FOUND);
    CHECK(found[0] == '\0');
    CHECK_STATUS(os_folder_private(FOLDER "/absent", found), PORTICO_E_NOT_FOUND);
    check_refused(FOLDER, "it is no file");
    check_folder(FOLDER "/file", "it is no folder");
    check_modes();
    check_links();
    check_full();
    check_lock();
    CHECK_OK(os_file_remove(FOLDER "/file"));
    CHECK_OK(os_folder_remove(FOLDER));
}
