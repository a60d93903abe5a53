# What mails say, English below the Chinese; and the demo's mailbox.

mailbox = 示範信箱
mailbox-lead = 示範系統不會把信寄到外面。寄出的信都在這裡，最新的在最上面。
mailbox-empty = 還沒有信。
mailbox-to = 收件人
mailbox-at = 時間
mailbox-link = 這是示範系統：到示範信箱看寄出的信

mail-both = （English below.）
mail-greeting = 您好：
mail-footer =
    { $authority }
    電話：{ $telephone }
    服務時間：{ $hours }
mail-automatic = 這封信由系統自動寄出。我們不會向您詢問PIN碼或用戶代碼，也不會請您把它們寫在信裡。
mail-user_code_link =
    有人在本中心的網站為卡號 { $number } 申請重設用戶代碼。

    如果是您本人申請的，請在 { $minutes } 分鐘內開啟下面的連結，設定新的用戶代碼。連結只能使用一次：

    { $link }

    如果不是您申請的，不必做任何事，原來的用戶代碼不變。如果常常收到這樣的信，請來電告訴我們。
    .subject = 重設用戶代碼的連結
mail-user_code_changed =
    卡號 { $number } 的用戶代碼剛剛換成新的，之前輸入錯誤的次數也已歸零。

    如果是您本人辦理的，不必再做任何事。

    如果不是，請立刻來電，我們會協助您停用卡片的憑證。
    .subject = 用戶代碼已變更
mail-contact_link =
    卡號 { $number } 的持有者希望把聯絡信箱改成這個地址。

    如果這是您的信箱，而且您同意，請在 { $minutes } 分鐘內開啟下面的連結，並按下頁面上的按鈕。按下之後才會生效：

    { $link }

    如果您不知道這件事，不必做任何事，我們不會再寄信到這裡。
    .subject = 請確認聯絡信箱
mail-contact_change_asked =
    有人以卡號 { $number } 和用戶代碼，申請把聯絡信箱改成 { $new }。新信箱確認之後才會生效。

    如果是您本人申請的，不必再做任何事。

    如果不是，表示有人知道您的用戶代碼：請立刻在本中心的網站重設用戶代碼，這項申請就會失效，並請來電告訴我們。
    .subject = 有人申請變更聯絡信箱
mail-contact_changed =
    卡號 { $number } 的聯絡資料已經變更，信箱是 { $new }。之後關於這張卡片的信都會寄到那裡。

    如果不是您本人辦理的，請立刻來電告訴我們。
    .subject = 聯絡資料已變更
mail-email_proof =
    卡號 { $number } 的持有者希望把這個電子郵件信箱寫進卡片的憑證，看到憑證的人都能讀到。

    如果這是您的信箱，而且您同意，請在 { $minutes } 分鐘內開啟下面的連結，並按下頁面上的按鈕：

    { $link }

    或在原來的網頁輸入這個代碼：

    { $code }

    如果您不知道這件事，不必做任何事，什麼都不會改變。
    .subject = 請確認電子郵件信箱
